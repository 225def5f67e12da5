import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCloud, spawnCloud, stopCloud } from '../../src/daemon/client.ts';
import { isAlive, processRef } from '../../src/machines/process-table.ts';
import { account } from '../../src/settings.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gp-cloud-'));
});
afterEach(async () => {
  await stopCloud(dir);
  await rm(dir, { recursive: true, force: true });
});

describe('the daemon', () => {
  /** The daemon's bundle, as it is delivered. */
  async function bundled(): Promise<string> {
    const entry = join(dir, 'bundle', 'local-cloud.mjs');
    const source = new URL('../../src/daemon/main.ts', import.meta.url).pathname;
    const banner = "import { createRequire as r } from 'node:module';const require = r(import.meta.url);";
    await build({
      entryPoints: [source],
      outfile: entry,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      mainFields: ['module', 'main'],
      banner: { js: banner },
      logLevel: 'error',
    });
    return entry;
  }

  it('starts detached, says where it is, refuses a second one and stops', async () => {
    const entry = await bundled();
    const home = join(dir, 'home');
    const cloud = await spawnCloud({ dir: home, entry, driver: 'simulated' });
    try {
      expect(readCloud(home)).toEqual(cloud);
      expect((await stat(join(home, 'cloud.json'))).mode & 0o777).toBe(0o600);
      const status = await (await fetch(`${cloud.endpoint}/_local/status`)).json();
      expect(status).toMatchObject({ block: cloud.block, region: account.region });
      await expect(spawnCloud({ dir: home, entry, driver: 'simulated' })).rejects.toMatchObject({
        code: 'local.already-running',
      });
      await expect(
        spawnCloud({ dir: join(dir, 'two'), entry, driver: 'simulated', port: Number(new URL(cloud.endpoint).port) }),
      ).rejects.toMatchObject({
        code: 'local.port-taken',
        outcome: 'usage',
      });
    } finally {
      expect(await stopCloud(home)).toBe(true);
    }
    expect(readCloud(home)).toBeUndefined();
    expect(await readFile(join(home, 'daemon.log'), 'utf8')).toMatch(
      /ready at http.*\n.*error: a local cloud runs in .*\n.*stopping: SIGTERM\n.*stopped\n$/,
    );
  });

  it('is found and stopped when its folder was deleted under it', async () => {
    const home = join(dir, 'home');
    const entry = await bundled();
    const { pid } = await spawnCloud({ dir: home, entry, driver: 'simulated' });
    const daemon = processRef(pid);
    await rm(join(home, 'cloud.json'));
    expect(readCloud(home)).toBeUndefined();
    await expect(spawnCloud({ dir: home, entry, driver: 'simulated' })).rejects.toMatchObject({
      code: 'local.already-running',
      message: expect.stringContaining(`process ${pid}`),
    });
    expect(daemon && isAlive(daemon)).toBe(true);
    expect(await stopCloud(home)).toBe(true);
    expect(daemon && isAlive(daemon)).toBe(false);
    expect(await stopCloud(home)).toBe(false);
  });
});
