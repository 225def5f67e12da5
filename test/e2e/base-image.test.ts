import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BaseReport, BuiltBase } from '../../src/operations/base-image.ts';
import { World } from './support/world.ts';

/** Debian's Packer still has its builders built in; later ones load them from the network. */
const { stdout } = await execa('packer', ['version'], { reject: false });
const [, minor] = /Packer v1\.(\d+)/.exec(stdout ?? '') ?? [];
const ansible = (await execa('ansible-playbook', ['--version'], { reject: false })).exitCode === 0;
const runs = ansible && minor !== undefined && Number(minor) < 10;
const skipped = runs ? '' : " (skipped: needs Debian's packer 1.6.6 and ansible-playbook)";

let world: World;

beforeAll(async () => {
  world = await World.create();
  await world.json('local', 'up', '--no-fleets');
});

afterAll(() => world?.close());

it('refuses to guess when there is nothing to build on', async () => {
  await world.edit(
    'pipelines/api.ts',
    "instance: { type: 't3.small',",
    "instance: { baseSource: 'nope-*', type: 't3.small',",
  );
  const ended = await world.pipeline('base', 'build', 'api');
  expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
  expect(ended.stderr).toContain('no available base image is called "nope-*"');
  await world.edit('pipelines/api.ts', "baseSource: 'nope-*', ", '');
});

it.skipIf(!runs)(`builds the base image, and fleets and releases are built on it${skipped}`, async () => {
  const before = await world.json<BaseReport>('base', 'status', 'api');
  expect(before.images).toMatchObject([{ name: 'golden-base-1', current: true, releases: [] }]);

  const built = await world.json<BuiltBase>('base', 'build', 'api');
  expect(built).toMatchObject({
    source: before.images[0]?.imageId,
    name: expect.stringMatching(/^golden-base-\d{8}T\d{6}Z$/),
  });

  await world.json('local', 'up');
  await world.json('release', 'api', '--yes');
  const after = await world.json<BaseReport>('base', 'status', 'api');
  expect(after).toMatchObject({
    images: [
      { imageId: built.imageId, name: built.name, source: built.source, current: true, old: false, releases: ['v1'] },
      { name: 'golden-base-1', current: false, releases: [] },
    ],
    warnings: [],
  });
  const table = await world.pipeline('base', 'status', 'api');
  expect(table.stdout).toMatch(new RegExp(`${built.name} .*new fleets start from it; below v1`));
});
