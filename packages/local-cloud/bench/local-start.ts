import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ownFile } from '@golden-pipeline/shared/own-files';
import { type Benchmark, median } from '@golden-pipeline/shared/testing/figures';
import { execa } from 'execa';

const rounds = 7;

/** From the start of the daemon's process to its ready line, with a fresh state folder (base image made) and with a kept one. */
export const localStart: Benchmark = {
  name: 'local cloud start',
  async run() {
    const fresh: number[] = [];
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const dir = await mkdtemp(path.join(tmpdir(), 'gp-start-'));
      fresh.push(await startAndStop(dir));
      again.push(await startAndStop(dir));
      await rm(dir, { recursive: true, force: true });
    }
    return [
      { figure: 'start to ready, fresh state folder', value: median(fresh), unit: 'ms' },
      { figure: 'start to ready, kept state folder', value: median(again), unit: 'ms', aim: '<= 300' },
    ];
  },
};

async function startAndStop(dir: string): Promise<number> {
  const started = performance.now();
  const child = execa(
    process.execPath,
    [ownFile(['local-cloud.js', 'dist/local-cloud.js']) ?? 'dist/local-cloud.js', '--dir', dir, '--port', '0'],
    {
      stdin: 'ignore',
      reject: false,
    },
  );
  const ms = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', () => resolve(performance.now() - started));
    child.then((ended) => reject(new Error(`the daemon ended with ${ended.exitCode}: ${ended.stderr}`)));
  });
  child.kill('SIGTERM');
  await child;
  return ms;
}
