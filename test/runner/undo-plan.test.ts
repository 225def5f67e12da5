import { DescribeInstancesCommand, DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, setCapacity, setTemplate } from '../../src/aws/groups.ts';
import { listImages } from '../../src/aws/images.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { everyVersion, failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
/** What the probe is answered. */
let answer: (headers: Record<string, string> | undefined) => { status: number; body: string };

beforeAll(async () => {
  world = await Simulated.create();
  // With the header's other value a request reaches the fleet, as without it.
  world.answers.to = (_url, headers) => answer(headers?.['x-golden-validation'] === 'on' ? headers : undefined);
  answer = everyVersion;
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
  expect(first.outcome).toBe('done');
}, 60_000);

afterAll(() => world?.close());

beforeEach(() => {
  world.plays.length = 0;
  answer = everyVersion;
});

/** Everything about the fleet that a failed run must leave as it was. */
async function fleetAsItIs() {
  const { aws, fleet, services } = world;
  const [group, status, images, { Reservations }, { LaunchTemplates }] = await Promise.all([
    readGroup(aws.autoScaling, fleet.names.group),
    readStatus(services),
    listImages(aws.ec2, 'api', 'local'),
    aws.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }] }),
    ),
    aws.ec2.send(new DescribeLaunchTemplatesCommand({})),
  ]);
  const { min, max, desired, suspended, launchTemplate } = group;
  return {
    group: { min, max, desired, suspended, launchTemplate },
    serving: status.instances.map(({ version, lifecycle, health }) => `${version} ${lifecycle} ${health}`),
    images: images.map((image) => image.name),
    instances: (Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []).length,
    defaultVersion: LaunchTemplates?.[0]?.DefaultVersionNumber,
    latestVersion: LaunchTemplates?.[0]?.LatestVersionNumber,
  };
}

describe('a run that fails after any step leaves the fleet as it was', () => {
  it.each(['preflight', 'stage', 'detach', 'bake', 'validate', 'roll', 'verify'])(
    'release, on an instance: %s',
    async (id) => {
      const before = await fleetAsItIs();
      const plan = await planRelease(world.services, world.clock, {});
      expect(plan.steps.map((step) => step.id)).toContain('detach');
      const result = await world.run(failingAfter(plan, id));
      expect(result.leftovers).toEqual([]);
      expect(result.outcome).toBe('rolled-back');
      expect(await fleetAsItIs()).toEqual(before);
      // What was activated on a host that still lives is reverted there.
      const activated = world.plays.find((play) => play.startsWith('activate'))?.split(' ')[1];
      if (activated && ['bake', 'validate'].includes(id)) expect(world.plays).toContain(`revert ${activated}`);
    },
    30_000,
  );

  it.each(['boot-builder', 'stage', 'bake', 'validate', 'roll'])(
    'release, on a builder: %s',
    async (id) => {
      const before = await fleetAsItIs();
      const result = await world.run(
        failingAfter(await planRelease(world.services, world.clock, { bake: 'builder' }), id),
      );
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      expect(await fleetAsItIs()).toEqual(before);
    },
    30_000,
  );
});

describe('a failure that a step itself finds', () => {
  it('a validation instance that answers wrongly: the fleet is never touched', async () => {
    const before = await fleetAsItIs();
    answer = (headers) => (headers ? { status: 200, body: 'something else' } : everyVersion());
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.outcome).toBe('rolled-back');
    expect(result.error).toMatchObject({ code: 'validate.smoke' });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('a fleet that answers wrongly in the verify window: it is rolled back automatically', async () => {
    const before = await fleetAsItIs();
    answer = (headers) => (headers ? everyVersion() : { status: 500, body: '' });
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.outcome).toBe('rolled-back');
    expect(result.error).toMatchObject({
      code: 'verify.failed',
      details: expect.arrayContaining([expect.stringContaining('500')]),
    });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('Ctrl-C while the image is baked: undone, and reported', async () => {
    const before = await fleetAsItIs();
    const plan = await planRelease(world.services, world.clock, {});
    const interrupt = new AbortController();
    const { hosts } = world.services;
    const { play } = hosts;
    hosts.play = async (...args) => {
      await play(...args);
      if (args[2].release_action === 'clean') interrupt.abort(new Error('interrupted'));
    };
    try {
      const result = await world.run(plan, { signal: interrupt.signal });
      expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    } finally {
      hosts.play = play;
    }
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);
});

describe('a release and a rollback of it', () => {
  it('a fleet is released, rolled back, and invalid rollbacks are refused', async () => {
    const release = await world.run(await planRelease(world.services, world.clock, {}));
    expect(release.outcome).toBe('done');
    const { version } = release.state;
    await expect(planRollback(world.services, world.clock, { version, force: false })).rejects.toMatchObject({
      code: 'rollback.same-version',
    });
    const failed = (await world.services.ledger.releases('api')).find((one) => one.state === 'failed');
    await expect(
      planRollback(world.services, world.clock, { version: failed?.version, force: false }),
    ).rejects.toMatchObject({
      code: 'rollback.not-known-good',
    });
    const back = await world.run(await planRollback(world.services, world.clock, { force: false }));
    expect(back.outcome).toBe('done');
    expect(back.state.version).toBe('v1');
    expect((await readStatus(world.services)).instances.map((instance) => instance.version)).toEqual(
      Array(4).fill('v1'),
    );
  }, 30_000);

  it('a group as the infrastructure leaves it gets a numbered version for its rollback, and its minimum', async () => {
    const { group } = world.fleet.names;
    const { version: serving } = (await readGroup(world.aws.autoScaling, group)).launchTemplate;
    const id = (await readGroup(world.aws.autoScaling, group)).launchTemplate.id;
    await setTemplate(world.aws.autoScaling, group, { id, version: '$Default' });
    await setCapacity(world.aws.autoScaling, group, { min: 0 });
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.error).toBeUndefined();
    const after = await readGroup(world.aws.autoScaling, group);
    expect(Number(after.launchTemplate.version)).toBeGreaterThan(Number(serving));
    expect(after).toMatchObject({ min: world.fleet.capacity.min, desired: 4 });
  }, 30_000);

  it('Ctrl-C after the verify window undoes nothing', async () => {
    const plan = await planRelease(world.services, world.clock, {});
    const interrupt = new AbortController();
    const stop = (step: (typeof plan.steps)[number]) => ({
      ...step,
      run: async () => interrupt.abort(new Error('interrupted')),
    });
    const steps = plan.steps.map((step) => (step.id === 'retain' ? stop(step) : step));
    const result = await world.run({ ...plan, steps }, { signal: interrupt.signal });
    expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect((await readStatus(world.services)).version).toBe(result.state.version);
    expect(await world.services.ledger.release('api', result.state.version)).toMatchObject({
      knownGood: true,
      state: 'released',
    });
  }, 30_000);
});

describe('a change that cannot be undone', () => {
  it('is named, the rest is still undone, and manual intervention is required', async () => {
    const before = await fleetAsItIs();
    const fault = world.cloud.faults.add({
      kind: 'error',
      operation: 'DeregisterImage',
      code: 'UnauthorizedOperation',
    });
    const result = await world.run(failingAfter(await planRelease(world.services, world.clock, {}), 'validate'));
    world.cloud.faults.clear(fault.id);
    expect(result.outcome).toBe('manual-intervention');
    expect(result.leftovers.join('\n')).toMatch(/^Bake the golden image: DeregisterImage failed/);
    const after = await fleetAsItIs();
    expect({ ...after, images: before.images }).toEqual(before);
    expect(after.images).toHaveLength(before.images.length + 1);
  }, 30_000);
});
