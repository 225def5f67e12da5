import { isDeepStrictEqual } from 'node:util';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup } from '../../../src/aws/groups.ts';
import { isActive, readRefresh } from '../../../src/aws/refreshes.ts';
import { tagKeys } from '../../../src/aws/tags.ts';
import type { CommandOptions } from '../../../src/cli/command.ts';
import { release } from '../../../src/cli/commands/release.ts';
import { readAll } from '../../../src/cli/commands/status.ts';
import type { Services } from '../../../src/fleet/services.ts';
import { releaseOperation } from '../../../src/release/operation.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { assertFleetAcceptsRelease } from '../../../src/release/refusals.ts';
import { planPin } from '../../../src/retention/plan-pin.ts';
import { readImages } from '../../../src/retention/read-images.ts';
import { planRollback } from '../../../src/rollback/plan.ts';
import { abort } from '../../../src/runner/abort.ts';
import { findObstacles } from '../../../src/runner/obstacles.ts';
import { planScale } from '../../../src/scale/plan.ts';
import { readStatus } from '../../../src/status/read.ts';
import { runnerOfTest } from '../../runner/support/runner-context.ts';
import { type Death, die } from '../../support/dying.ts';
import { Simulated } from '../../support/simulated.ts';
import { fakeContext } from '../support/fake-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (const _ of [1, 2]) expect(await releasing()).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => world?.close());
/** What a test leaves half done is undone, so that the next one begins with a whole fleet, whichever it is. */
afterEach(async () => {
  world.cloud.faults.clear();
  await abort(runnerOfTest(world.clock, 'pipeline abort api'), world.services, 'a test');
  const { ec2 } = world.services.aws;
  const InstanceIds = await helpers();
  if (InstanceIds.length > 0) await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
  await world.until(seen, (one) => isDeepStrictEqual(one, whole(one.instances[0]?.split(' ')[0] ?? '')));
}, 60_000);

async function releasing(options: CommandOptions = {}, changes: Partial<Services> = {}) {
  const context = fakeContext(['release', 'api'], { clock: world.clock });
  const code = await release(context, { ...world.services, ...changes }, options, { again: true }).catch(
    (error: unknown) => error,
  );
  return { code, out: context.stdout.text, err: context.stderr.text };
}

const dies = async (death: Death, command = 'pipeline release api --ref main') =>
  die(world, await planRelease(world.services, world.clock, {}), death, command);

/** Instances that are there for a run only and still cost something. */
async function helpers(): Promise<string[]> {
  const { Reservations = [] } = await world.services.aws.ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: `tag:${tagKeys.role}`, Values: ['builder', 'validation'] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
    }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(({ InstanceId }) => InstanceId ?? []));
}

/** What there is: versions of instances with their state, settings of the group, instances of runs, images, a refresh in progress. */
async function seen() {
  const { aws, fleet } = world.services;
  const [{ instances }, group, refresh, images, ofRuns] = await Promise.all([
    readStatus(world.services),
    readGroup(aws.autoScaling, fleet.names.group),
    readRefresh(aws.autoScaling, fleet.names.group),
    readImages(world.services, world.clock.now()),
    helpers(),
  ]);
  return {
    instances: instances.map(({ version, lifecycle, health }) => `${version} ${lifecycle} ${health}`),
    group: { min: group.min, desired: group.desired, suspended: group.suspended },
    refreshing: isActive(refresh),
    helpers: ofRuns.length,
    orphans: images.filter((one) => ['orphan', 'failed'].includes(one.kind)).map((one) => one.version),
  };
}

it('status names commit, subject and author of the release that serves, and the run that brought it', async () => {
  const status = await readAll(world.services, world.clock);
  const [run] = await world.services.ledger.runs('api', 1);
  expect(status.release).toMatchObject({
    ...{ version: status.version, commit: run?.commit, ref: 'HEAD', since: run?.finishedAt, by: run?.by, run: run?.id },
    ...{ subject: expect.stringMatching(/./), author: expect.stringMatching(/./), url: null },
  });
});

const whole = (version: string) => ({
  instances: Array(4).fill(`${version} InService healthy`),
  group: { min: 4, desired: 4, suspended: [] },
  refreshing: false,
  helpers: 0,
  orphans: [],
});
const serving = async () => (await readStatus(world.services)).version ?? '';

it('is refused while the app is on hold, as `pipeline why` says, and planned with a warning', async () => {
  const { holds } = world.services.ledger;
  await holds.place({ app: 'api' }, { reason: 'sale of the final', by: 'ann@laptop' });
  const why = () =>
    findObstacles(runnerOfTest(world.clock, 'pipeline why api'), world.services, releaseOperation, async () => {
      const plan = await planRelease(world.services, world.clock, {});
      await assertFleetAcceptsRelease(world.services, plan.initial);
    });
  expect(await why()).toEqual({
    first: null,
    obstacles: [
      {
        id: 'hold',
        message: expect.stringMatching(/^api in local is on hold by ann@laptop since .*"sale of the final"/),
        until: null,
        fix: 'pipeline unhold api --env local',
      },
    ],
  });
  expect((await releasing()).code).toMatchObject({ code: 'hold.active', outcome: 'locked' });
  const planned = await releasing({ dryRun: true });
  expect(planned).toMatchObject({ code: 0, err: expect.stringContaining('this would be refused (exit 5)') });
  await holds.end({ app: 'api' }, 'ann@laptop');
  expect(await why()).toEqual({ obstacles: [], first: null });
});

it('`pipeline why` names no obstacle for a crashed release, as the next one undoes it first', async () => {
  const { id } = await dies({ at: 'enter-standby', how: 'made' });
  let planned = false;
  const runner = runnerOfTest(world.clock, 'pipeline why api');
  const outlook = await findObstacles(runner, world.services, releaseOperation, async () => {
    planned = true;
  });
  expect(outlook).toEqual({ obstacles: [], first: expect.stringContaining(`run ${id} (`) });
  expect(planned).toBe(false);
});

describe('a release after another crashed one', () => {
  it.each<Death>([
    { at: 'reserve-version', how: 'made' },
    { at: 'stage-environment', how: 'made' },
    { at: 'enter-standby', how: 'made' },
    { at: 'activate-environment', how: 'made' },
    { at: 'create-image', how: 'made' },
    { at: 'launch-validation-instance', how: 'made' },
    { at: 'register-target', how: 'made' },
    { at: 'start-refresh', how: 'intended' },
    { at: 'start-refresh', how: 'made' },
    { at: 'set-default-version', how: 'made' },
  ])(
    'undoes what that changed, and then releases: $how $at',
    async (death) => {
      const { id } = await dies(death);
      const after = await releasing();
      expect(after).toMatchObject({
        code: 0,
        err: expect.stringContaining(`run ${id} (pipeline release api --ref main) crashed`),
      });
      expect((await world.services.ledger.run(id))?.outcome).toBe('interrupted');
      expect(await seen()).toEqual(whole(await serving()));
      const [last] = await world.services.ledger.runs('api', 1);
      expect(last).toMatchObject({ outcome: 'done', version: await serving() });
    },
    60_000,
  );

  it('keeps a crashed release that had completed its verify window', async () => {
    await dies({ at: 'verify', how: 'finished' });
    const was = await serving();
    const after = await releasing();
    expect(after.err).toContain('was finished, and is kept; to undo it: pipeline fast-rollback api');
    expect(after.err).not.toContain('undo:');
    expect(after.code).toBe(0);
    const [last] = await world.services.ledger.runs('api', 1);
    expect(last).toMatchObject({ outcome: 'done', previous: was });
  }, 60_000);

  it('asks before it changes an AWS account, and only prints the undo with --dry-run', async () => {
    await dies({ at: 'clean-host', how: 'made' });
    const aws = { fleet: { ...world.services.fleet, cloud: 'aws' as const } };
    const before = await seen();
    expect((await releasing({}, aws)).code).toMatchObject({
      code: 'usage.needs-yes',
      message: expect.stringContaining(
        'undo the changes of the crashed "pipeline release api --ref main" by ann, and then release?',
      ),
    });
    const planned = await releasing({ dryRun: true }, aws);
    expect(planned).toMatchObject({
      code: 0,
      err: expect.stringContaining(
        '("pipeline release api --ref main" by ann) crashed: its changes would be undone first',
      ),
    });
    expect(await seen()).toEqual(before);
    expect((await releasing({ yes: true }, aws)).code).toBe(0);
    expect(await seen()).toEqual(whole(await serving()));
  }, 60_000);

  it('does not go on when not everything could be undone', async () => {
    await dies({ at: 'launch-validation-instance', how: 'made' });
    const was = await serving();
    world.cloud.faults.add({ kind: 'error', operation: 'TerminateInstances', code: 'UnauthorizedOperation' });
    const after = await releasing();
    expect(after.code).toMatchObject({ code: 'run.leftovers', outcome: 'manual-intervention' });
    expect(after.err).toContain('leftover: Validate the image');
    expect(await serving()).toBe(was);
  }, 60_000);
});

describe('the command of a crashed release once more', () => {
  it.each<Death>([
    { at: 'enter-standby', how: 'intended' },
    { at: 'create-image', how: 'made' },
    { at: 'start-refresh', how: 'made' },
    { at: 'verify', how: 'finished' },
  ])(
    'continues that run: $how $at',
    async (death) => {
      const { id } = await dies(death, 'pipeline release api');
      const after = await releasing();
      expect(after).toMatchObject({
        code: 0,
        err: expect.stringContaining(`run ${id} (pipeline release api) is continued`),
      });
      expect(after.err).toContain('stage: done');
      const [last] = await world.services.ledger.runs('api', 1);
      expect(last).toMatchObject({ id, outcome: 'done', version: await serving() });
      expect(await seen()).toEqual(whole(await serving()));
    },
    60_000,
  );

  it('asks before it continues in an AWS account, and prints the rest of the plan with --dry-run', async () => {
    const { id } = await dies({ at: 'create-image', how: 'made' }, 'pipeline release api --yes');
    const aws = { fleet: { ...world.services.fleet, cloud: 'aws' as const } };
    const before = await seen();
    expect((await releasing({}, aws)).code).toMatchObject({
      code: 'usage.needs-yes',
      message: expect.stringContaining(`continue run ${id} ("pipeline release api --yes" by ann)?`),
    });
    const planned = await releasing({ dryRun: true }, aws);
    expect(planned.code).toBe(0);
    expect(planned.out).toMatch(/ 1\. bake .*\n/);
    expect(planned.out).not.toContain('detach');
    expect(await seen()).toEqual(before);
    expect((await releasing({ yes: true }, aws)).code).toBe(0);
    expect(await seen()).toEqual(whole(await serving()));
  }, 60_000);

  it('undoes it first where the host may have been cleaned in part only', async () => {
    const { id } = await dies({ at: 'clean-host', how: 'intended' }, 'pipeline release api');
    const after = await releasing();
    expect(after).toMatchObject({ code: 0, err: expect.stringContaining(`run ${id} (pipeline release api) crashed`) });
    expect(await seen()).toEqual(whole(await serving()));
  }, 60_000);
});

describe('a release after another crashed run', () => {
  it('undoes a scale-out that was not there yet, and a pin', async () => {
    const services: Services = Object.assign(world.services, { vcpuQuota: async () => 1000 });
    await die(world, await planPin(services, world.clock, { version: await serving() }), {
      at: 'tag-pinned',
      how: 'made',
    });
    expect((await releasing()).code).toBe(0);
    const images = await readImages(services, world.clock.now());
    expect(images.filter((one) => one.pinned)).toEqual([]);
    await die({ services, clock: world.clock }, await planScale(services, world.clock, { to: 7 }), {
      at: 'set-capacity',
      how: 'made',
    });
    expect((await releasing()).code).toBe(0);
    expect((await seen()).group).toEqual({ min: 4, desired: 4, suspended: [] });
  }, 60_000);

  it('refuses to decide about a crashed rollback', async () => {
    const plan = await planRollback(world.services, world.clock, { force: false, method: 'rolling' });
    const { id } = await die(
      world,
      plan,
      { at: 'start-refresh', how: 'made' },
      'pipeline fast-rollback api --method rolling',
    );
    expect((await releasing()).code).toMatchObject({
      code: 'run.unfinished',
      message: `run ${id} ("pipeline fast-rollback api --method rolling" by ann) crashed before it finished`,
      fix: 'to continue it: pipeline fast-rollback api --method rolling; to undo it: pipeline abort api',
    });
  }, 60_000);
});
