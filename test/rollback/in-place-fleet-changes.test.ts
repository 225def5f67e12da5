import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup, replaceInstance, resumeProcesses, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { groupInstances, terminateInstance } from '../../src/aws/instances.ts';
import { readRefresh } from '../../src/aws/refreshes.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;

const group = () => readGroup(world.services.aws.autoScaling, world.services.fleet.names.group);
const instances = () => groupInstances(world.services.aws.ec2, world.services.fleet.names.group);
const switched = (version: string) => world.switchedHosts.filter((inPlace) => inPlace.endsWith(` ${version}`)).sort();

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (let n = 1; n <= 2; n++) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }
}, 60_000);
afterAll(() => world?.close());

it('instances that Auto Scaling terminates during an in-place rollback are not failures, and the others stay on the old version', async () => {
  const { autoScaling, ec2 } = world.services.aws;
  const before = (await group()).instances.map((one) => one.id);
  // Half of the fleet: as failures they would be twice as many as may be.
  const going = new Set(before.slice(0, 2));
  const plan = await planRollback(world.services, world.clock, { force: false, method: 'in-place', wait: true });
  world.before.inPlace = async (id) => {
    if (!going.has(id)) return;
    await terminateInstance(ec2, id);
    await world.until(
      async () => (await group()).instances.some((one) => one.id === id),
      (one) => one === false,
    );
    throw new Error('the connection was closed');
  };
  const result = await world.run(plan);
  expect(result.error).toBeUndefined();
  expect(result.outcome).toBe('done');
  expect(result.state.unswitched).toEqual([]);
  expect(switched('v2')).toEqual([]);
  expect(switched('v1')).toEqual(
    before
      .filter((id) => !going.has(id))
      .map((id) => `${id} v1`)
      .sort(),
  );
  expect(new Set((await instances()).map((instance) => instance.version))).toEqual(new Set(['v1']));
  // What this cloud answers for them, and what makes of it nothing to do.
  for (const id of going)
    await expect(replaceInstance(autoScaling, world.fleet.names.group, id)).resolves.toBeUndefined();
}, 60_000);

it('new instances that do not answer an in-place rollback are retried, then replaced, and are not failures', async () => {
  expect((await world.run(await planRelease(world.services, world.clock, {}))).state.version).toBe('v3');
  const { autoScaling } = world.services.aws;
  const { name } = await group();
  const before = new Set((await instances()).map((instance) => instance.id));
  // In service, as Auto Scaling counts it, and not healthy yet: as when an instance runs and nothing answers there.
  await suspendProcesses(autoScaling, name, ['AddToLoadBalancer']);
  await setCapacity(autoScaling, name, { desired: 7 });
  const newcomers = async () =>
    (await group()).instances.filter((one) => one.lifecycle === 'InService' && !before.has(one.id));
  await world.until(
    async () => (await newcomers()).length,
    (one) => one === 3,
  );
  await resumeProcesses(autoScaling, name, ['AddToLoadBalancer']);
  const [late = '', ...never] = (await newcomers()).map((one) => one.id);
  const asked = new Map<string, number>();
  world.switchedHosts.length = 0;
  world.before.inPlace = async (id) => {
    asked.set(id, (asked.get(id) ?? 0) + 1);
    if (never.includes(id) || (id === late && (asked.get(id) ?? 0) < 4)) throw new Error('no host keys yet');
  };
  const result = await world.run(await planRollback(world.services, world.clock, { force: false, method: 'in-place' }));
  expect(result.error).toBeUndefined();
  expect(switched('v3')).toEqual([]);
  expect(switched('v1')).toEqual([...before, late].map((id) => `${id} v1`).sort());
  expect(result.state.unswitched).toHaveLength(2);
  for (const id of never) expect(world.notes).toContain(`${id} cannot switch and is replaced: no host keys yet`);
  await world.until(async () => (await group()).instances.every((one) => !never.includes(one.id)));
  expect(new Set((await instances()).map((instance) => instance.version))).toEqual(new Set(['v1']));
}, 60_000);

it('smoke tests that fail after the hosts have switched undo nothing', async () => {
  delete world.before.inPlace;
  const refresh = async () => (await readRefresh(world.services.aws.autoScaling, (await group()).name))?.status;
  await world.until(refresh, (one) => one === 'Successful');
  for (const version of ['v4', 'v5']) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).state.version).toBe(version);
  }
  world.switchedHosts.length = 0;
  const { probe } = world.services;
  const plan = await planRollback(world.services, world.clock, { version: 'v4', force: false, method: 'in-place' });
  world.before.inPlace = async () => {
    world.services.probe = async () => ({ status: 503, body: 'no database', ms: 1 });
  };
  const result = await world.run(plan);
  world.services.probe = probe;
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    error: {
      code: 'in-place.not-serving',
      details: expect.arrayContaining([expect.stringContaining('503')]),
      fix: expect.stringContaining('--method rolling'),
    },
    leftovers: [expect.stringContaining('Switch the environment on the hosts')],
  });
  expect(switched('v5')).toEqual([]);
  expect(new Set((await instances()).map((instance) => instance.version))).toEqual(new Set(['v4']));
  const { launchTemplate, name } = await group();
  expect(launchTemplate.version).toBe(result.state.templateVersion);
  // The hosts have the newer image still: status says so until somebody finishes it.
  const finish = 'pipeline fast-rollback api v4 --method rolling';
  expect((await readStatus(world.services)).unfinished).toEqual({ group: name, instances: 7, refresh: null, finish });
  const roll = await planRollback(world.services, world.clock, { version: 'v4', force: false, method: 'rolling' });
  expect((await world.run(roll)).outcome).toBe('done');
  expect((await readStatus(world.services)).unfinished).toBeNull();
}, 60_000);
