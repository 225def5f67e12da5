import { readFile, writeFile } from 'node:fs/promises';
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

it('commands say how to start the local cloud when it is not running', async () => {
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
])('local up says what to install when %s is missing', async (program, debianPackage) => {
  const { exitCode, stderr } = await pipelineWithout(program, 'local', 'up');
  expect(exitCode).toBeGreaterThan(0);
  expect(stderr).toContain(`apt-get install`);
  expect(stderr).toContain(debianPackage);
  expect(stderr).not.toMatch(/\n\s+at /);
});

it('local up names a port that is in use', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const { exitCode, stderr } = await world.pipeline('local', 'up', '--port', port);
  server.close();
  expect(exitCode).toBe(2);
  expect(stderr).toContain(port);
});

/** A changed pipelines file reaches the fleet, and a fix that is printed does what it says. */
async function expectChangesApplied(): Promise<void> {
  const file = path.join(world.project.dir, 'pipelines/api.ts');
  const before = await readFile(file, 'utf8');
  const [, port = ''] = /listenerPort: (\d+)/.exec(before) ?? [];
  await writeFile(
    file,
    before.replace(`listenerPort: ${port}`, `listenerPort: ${Number(port) + 1}, healthCheck: { path: '/ready' }`),
  );
  expect((await world.pipeline('status', 'api')).stderr).toContain('pipeline local up');
  const { loadBalancers } = await world.json<{ loadBalancers: { url: string }[] }>('local', 'up');
  expect(loadBalancers[0]?.url).toMatch(new RegExp(`:${Number(port) + 1}$`));
  const shown = await world.pipeline('local', 'aws', 'elbv2', 'describe-target-groups', '--output', 'json');
  expect(shown.stdout).toContain('"HealthCheckPath": "/ready"');
  expect((await world.json<{ configuration: unknown[] }>('status', 'api')).configuration).toEqual([]);

  const group = 'api-local';
  const suspend = ['autoscaling', 'suspend-processes', '--auto-scaling-group-name', group];
  expect((await world.pipeline('local', 'aws', ...suspend, '--scaling-processes', 'Launch')).exitCode).toBe(0);
  const fix = async () => {
    const { stdout } = await world.pipeline('doctor', 'api');
    return stdout
      .split('\n')
      .find((line) => line.includes('resume-processes'))
      ?.trim();
  };
  const words = (await fix())?.split(' ') ?? [];
  expect(words.slice(0, 4)).toEqual(['pipeline', 'local', 'aws', 'autoscaling']);
  expect((await world.pipeline(...words.slice(1))).exitCode).toBe(0);
  expect(await fix()).toBeUndefined();
  await writeFile(file, before);
}

it('the local cloud starts, prints its address, is already running, stops, starts again with its fleet, and is reset', async () => {
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
  await expectChangesApplied();
  expect((await world.pipeline('local', 'reset', '--yes')).exitCode).toBe(0);
  expect((await world.pipeline('local', 'down')).exitCode).toBe(0);
});

it('local up says what to install when Ansible is missing, before it starts anything', async () => {
  await world.json('local', 'up');
  const { exitCode, stderr } = await pipelineWithout('ansible-playbook', 'release', 'api');
  expect(stderr).toContain('apt-get install ansible-core');
  expect(exitCode).toBe(2);
  expect(await world.json('images', 'api')).toEqual([]);
});
