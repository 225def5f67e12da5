import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { CallReport } from 'golden-pipeline-local-cloud/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baseBuildPolicy } from '../../infra/base-build-policy.ts';
import type { BuiltBase } from '../../src/base-image/build.ts';
import type { BaseReport } from '../../src/base-image/read.ts';
import { expectShown, programsOf, transcriptOf } from './support/transcript.ts';
import { Load, World } from './support/world.ts';

/** Debian's Packer still has its builders built in; later ones load them from the network. */
const { stdout } = await execa('packer', ['version'], { reject: false });
const [, minor] = /Packer v1\.(\d+)/.exec(stdout ?? '') ?? [];
const ansible = (await execa('ansible-playbook', ['--version'], { reject: false })).exitCode === 0;
const runs = ansible && minor !== undefined && Number(minor) < 10;
const skipped = runs ? '' : " (skipped: needs Debian's packer 1.6.6 and ansible-playbook)";

let world: World;
let url: string;

beforeAll(async () => {
  world = await World.create();
  await world.json('local', 'up', '--no-fleets');
});

afterAll(() => world?.close());

it('a base image build fails when there is nothing to build on', async () => {
  await world.configure(
    'pipelines/api.ts',
    "instance: { type: 't3.small',",
    "instance: { baseSource: 'nope-*', type: 't3.small',",
  );
  const ended = await world.pipeline('base', 'build', 'api');
  expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
  expect(ended.stderr).toContain('no available base image is called "nope-*"');
  await world.configure('pipelines/api.ts', "baseSource: 'nope-*', ", '');
});

it.skipIf(!runs)(`a base image is built, and fleets and releases are built on it${skipped}`, async () => {
  const before = await world.json<BaseReport>('base', 'status', 'api');
  expect(before.images).toMatchObject([{ name: 'golden-base-1', current: true, releases: [] }]);

  const built = await world.json<BuiltBase>('base', 'build', 'api');
  expect(built).toMatchObject({
    source: before.images[0]?.imageId,
    name: expect.stringMatching(/^golden-base-\d{8}T\d{6}Z$/),
  });
  const { totals } = await world.json<CallReport>('local', 'calls');
  const place = { partition: 'aws', region: 'eu-west-1', account: '123456789012' };
  const allowed = new Set(baseBuildPolicy(place).flatMap((one) => one.Action));
  const made = totals.map(({ service, operation }) => `${service}:${operation}`);
  expect(made).toContain('ec2:CreateImage');
  // What the policy of infra/ allows is enough for every call that Packer has made.
  expect(made.filter((action) => /^(ec2|autoscaling):/.test(action) && !allowed.has(action))).toEqual([]);

  const { loadBalancers } = await world.json<Up>('local', 'up');
  url = loadBalancers.find(({ app }) => app === 'api')?.url ?? '';
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

it.skipIf(!runs)(
  `a newer base image replaces the one of a fleet that serves, without one failed request${skipped}`,
  async () => {
    const [below] = (await world.json<BaseReport>('base', 'status', 'api')).images;
    const built = await world.json<BuiltBase>('base', 'build', 'api');
    const [warning] = (await world.json<BaseReport>('base', 'status', 'api')).warnings;
    expect(warning).toContain(
      `v1 is built on ${below?.name}, and ${built.name} is newer: pipeline release api --from-base`,
    );
    const programs = await programsOf(world);
    for (const command of await transcriptOf('docs/base-image.md')) await expectShown(world, programs, command);
    const doctor = await world.pipeline('doctor', 'api');
    expect(doctor.stdout).toContain(`${built.name} is newer`);

    const refused = await world.pipeline('release', 'api', '--from-base', '--bake', 'detach', '--yes');
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('leave --bake out') });
    const dry = await world.pipeline('release', 'api', '--from-base', '--dry-run');
    expect(dry.stdout).toContain(`from the base image ${built.name} (${built.imageId})`);

    const load = new Load(url);
    await load.warm();
    // The very command that the warning names.
    const command = /pipeline (release .*)$/.exec(warning ?? '')?.[1]?.split(' ') ?? [];
    expect(await world.json(...command, '--yes')).toMatchObject({ version: 'v2', previous: 'v1', method: 'rolling' });
    expect(await bases()).toEqual(Array(4).fill(built.name));
    expect(await world.json('base', 'status', 'api')).toMatchObject({
      version: 'v2',
      images: [{ name: built.name, releases: ['v2'] }, { name: below?.name, releases: ['v1'] }, { releases: [] }],
      warnings: [],
    });
    // The image says what is on it: the environment of v1 is not, so nothing promises an in-place rollback.
    const unavailable = await world.pipeline('fast-rollback', 'api', '--method', 'in-place', '--yes');
    expect(unavailable).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('do not hold the environment of v1'),
    });
    expect(await world.json('fast-rollback', 'api', '--yes')).toMatchObject({ version: 'v1', method: 'rolling' });
    expect(await bases()).toEqual(Array(4).fill(below?.name));
    const total = await load.stop();
    expect(total.failures).toEqual({});
    expect(total.failed).toBe(0);
    // Back on the old base, it says so again.
    expect((await world.json<BaseReport>('base', 'status', 'api')).warnings[0]).toContain('v1 is built on');
  },
);

interface Up {
  loadBalancers: { app: string; url: string }[];
}

/** What each machine of the fleet says it is built on. */
async function bases(): Promise<string[]> {
  const { instances } = await world.json<{ instances: { id: string; lifecycle: string }[] }>('status', 'api');
  const serving = instances.filter(({ lifecycle }) => lifecycle === 'InService');
  return Promise.all(
    serving.map(async ({ id }) => {
      const file = path.join(world.dir, 'cloud/machines', id, 'root/etc/golden-base.json');
      return (JSON.parse(await readFile(file, 'utf8')) as { name: string }).name;
    }),
  );
}
