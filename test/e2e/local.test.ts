import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepAddresses } from './support/keep-addresses.ts';
import { root, World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.create();
  await keepAddresses(path.join(world.dir, 'cloud'));
});
afterAll(() => world?.close());

/** Runs `pipeline ...` where some program cannot be executed: an empty file lies over it, for this command only. */
async function pipelineWithout(program: string, ...args: string[]) {
  const empty = path.join(world.dir, 'empty');
  await writeFile(empty, '');
  const { stdout: file } = await execa('which', [program], { env: { PATH: `${process.env.PATH}:/usr/sbin` } });
  const covered = ['--dev-bind', '/', '/', '--ro-bind', empty, file];
  const command = [process.execPath, path.join(root, 'bin/pipeline.mjs'), ...args];
  return execa('bwrap', [...covered, ...command], {
    cwd: world.project.dir,
    env: world.env,
    stdin: 'ignore',
    reject: false,
  });
}

it('says how to start the local cloud when it is not running', async () => {
  for (const args of [
    ['release', 'api'],
    ['status', 'api'],
    ['fast-rollback', 'api', 'v1'],
    ['images', 'api'],
  ]) {
    const { exitCode, stderr } = await world.pipeline(...args);
    expect({ args, exitCode }).toEqual({ args, exitCode: 1 });
    expect(stderr).toContain('pipeline local up');
  }
});

it.each([
  ['haproxy', 'haproxy'],
  ['bwrap', 'bubblewrap'],
  ['runsvdir', 'runit'],
])('says what to install when %s is missing', async (program, debianPackage) => {
  const { exitCode, stderr } = await pipelineWithout(program, 'local', 'up');
  expect(exitCode).toBeGreaterThan(0);
  expect(stderr).toContain(`apt-get install`);
  expect(stderr).toContain(debianPackage);
  expect(stderr).not.toMatch(/\n\s+at /);
});

it('names a port that is taken', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const { exitCode, stderr } = await world.pipeline('local', 'up', '--port', port);
  server.close();
  expect(exitCode).toBe(2);
  expect(stderr).toContain(port);
});

it('starts, tells where it is, is there already, stops, starts again with its fleet, and is reset', async () => {
  interface Up {
    endpoint: string;
    loadBalancers: { app: string; url: string }[];
  }
  const up = await world.json<Up>('local', 'up');
  expect(await world.json<Up>('local', 'up')).toEqual(up);
  const status = await world.json<{ desired: number; version: string | null }>('status', 'api');
  expect(status).toMatchObject({ desired: 0, version: null });
  expect((await world.pipeline('local', 'down')).exitCode).toBe(0);
  expect((await world.pipeline('status', 'api')).exitCode).toBe(1);
  expect(await world.json<Up>('local', 'up')).toEqual(up);
  expect((await world.pipeline('local', 'reset', '--yes')).exitCode).toBe(0);
  expect((await world.pipeline('local', 'down')).exitCode).toBe(0);
});

it('says what to install when Ansible is missing, before anything is begun', async () => {
  await world.json('local', 'up');
  const { exitCode, stderr } = await pipelineWithout('ansible-playbook', 'release', 'api');
  expect(stderr).toContain('apt-get install ansible-core');
  expect(exitCode).toBe(2);
  expect(await world.json('images', 'api')).toEqual([]);
});
