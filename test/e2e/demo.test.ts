import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stopCloud } from 'golden-pipeline-local-cloud/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processes } from './support/process-tree.ts';

const demo = fileURLToPath(new URL('../../dist/demo.js', import.meta.url));
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-demo-'));
});

afterEach(async () => {
  await stopCloud(path.join(dir, '.pipeline/demo/.pipeline/local'));
  for (const { pid } of ours()) process.kill(pid, 'SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const ours = () => processes().filter(({ command }) => command.includes(dir));

/** A demo in a process group of its own, as a terminal starts it, in the middle of its first release. */
async function releasing() {
  const child = execa('node', [demo], { cwd: dir, detached: true, stdin: 'ignore', reject: false });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Boot a builder')) resolve();
    });
    child.once('exit', () => reject(new Error(`the demo has ended: ${said}`)));
  });
  return { child, said, signal: (name: NodeJS.Signals) => process.kill(-(child.pid ?? Number.NaN), name) };
}

describe('the demo', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('terminates what it has started at %s', async (signal, exitCode) => {
    const one = await releasing();
    one.signal(signal);
    expect((await one.child).exitCode).toBe(exitCode);
    expect(ours()).toEqual([]);
  });

  it('starts again after one that was killed', async () => {
    const one = await releasing();
    one.signal('SIGKILL');
    await one.child;
    expect(ours()).not.toEqual([]);
    const two = await releasing();
    expect(two.said).not.toContain('already');
    two.signal('SIGINT');
    expect((await two.child).exitCode).toBe(130);
    expect(ours()).toEqual([]);
  });
});
