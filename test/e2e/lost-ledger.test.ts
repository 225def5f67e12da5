import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectWhole } from './support/fleet.ts';
import { goldenWorld } from './support/golden.ts';
import { Load, type World } from './support/world.ts';

type Images = { version: string; imageId: string }[];

let world: World;
beforeAll(async () => {
  world = await goldenWorld();
});
afterAll(() => world?.close());

/** Runs a command while requests go on, none of which may fail. */
async function underLoad(...args: string[]) {
  const load = new Load(world.url('api'));
  await load.warm();
  const ended = await world.pipeline(...args);
  const total = await load.stop();
  expect(total.failed, JSON.stringify(total.failures)).toBe(0);
  return ended;
}

const images = () => world.json<Images>('images', 'api');

describe('a release from a fresh clone, whose ledger is empty', () => {
  it('is refused, uses no existing version, and every image stays, under load', async () => {
    const before = await images();
    await rm(path.join(world.project.dir, '.pipeline', 'ledger'), { recursive: true });
    await world.project.change('From a fresh clone');
    const { exitCode, stdout, stderr } = await underLoad('release', 'api', '--json');
    expect(exitCode, stderr).not.toBe(0);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'ledger.incomplete',
      fix: expect.stringContaining('pipeline ledger rebuild api'),
    });
    expect((await images()).map(({ imageId }) => imageId)).toEqual(before.map(({ imageId }) => imageId));
    await expectWhole(world, 'v1');
  });

  it('continues after a rebuild, with the next version, under load', async () => {
    expect(await world.pipeline('ledger', 'rebuild', 'api', '--yes')).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout, stderr } = await underLoad('release', 'api', '--json');
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: 'v2', previous: 'v1', outcome: 'done' });
    expect((await images()).map(({ version }) => version).sort()).toEqual(['v1', 'v2']);
  });
});

it('an undefined variable in the environment of the service fails the release with its name, under load', async () => {
  await world.configure(
    'ansible/roles/api/defaults/main.yml',
    'NODE_ENV: production',
    'NODE_ENV: "{{ no_such_name }}"',
  );
  const { exitCode, stdout, stderr } = await underLoad('release', 'api', '--json');
  expect(exitCode, stderr).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'rolled-back',
    error: { message: expect.stringContaining('no_such_name is undefined') },
  });
  await expectWhole(world, 'v2');
  expect((await images()).map(({ version }) => version).sort()).toEqual(['v1', 'v2']);
});
