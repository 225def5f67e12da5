import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerTarget } from '../../src/aws/balancers.ts';
import { readGroupTag, setGroupTags } from '../../src/aws/group-tags.ts';
import { readGroup, suspendProcesses } from '../../src/aws/groups.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { type Finding, runAll } from '../../src/doctor/finding.ts';
import { fleetChecks } from '../../src/doctor/fleet.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import type { Leftover } from '../../src/fleet/leftovers/leftover.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { priorTags } from '../../src/fleet/prior-state.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRepair, repairSteps } from '../../src/repair/plan.ts';
import { die } from '../support/dying.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { Simulated } from '../support/simulated.ts';

/** A fleet whose release was killed with an instance in Standby, and whose ledger is lost. */
let world: Simulated;
let run: string;
let host: string;
beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  const plan = await planRelease(world.services, world.clock, {});
  run = (await die(world, plan, { at: 'clean-host', how: 'made' })).id;
  host = (await group()).instances.find((one) => one.lifecycle === 'Standby')?.id ?? '';
  const identity = { owner: 'ben', host: 'elsewhere' };
  world.services.ledger = createLedger(createMemoryStore(), { environment: 'local', clock: world.clock, identity });
}, 60_000);
afterAll(() => world?.close());

const group = () => readGroup(world.aws.autoScaling, world.fleet.names.group);
const plan = (lostRun?: string) => planRepair(world.services, world.clock, { lostRun });
const doctor = async (severity: Finding['severity']) =>
  (await runAll(fleetChecks(world.services as unknown as DoctorServices, false, world.clock))).filter(
    (one) => one.severity === severity,
  );

it('doctor reports what the lost run has left, with the command', async () => {
  const found = await doctor('warning');
  expect(found).toContainEqual({
    id: 'fleet.leftovers',
    severity: 'warning',
    message:
      'api-local has minimum 3, maximum 12, desired capacity 3; before the run it had minimum 4, maximum 12, desired capacity 4',
    fix: `pipeline repair api --lost-run ${run}`,
  });
  expect(found.filter((one) => one.id === 'fleet.standby')).toMatchObject([
    { fix: `pipeline repair api --lost-run ${run}` },
  ]);
  expect(await doctor('error')).toEqual([]);
});

it('a repair is refused for a run that this ledger does not know, until it is named', async () => {
  await expect(plan()).rejects.toMatchObject({
    code: 'repair.unknown-run',
    fix: expect.stringContaining(`pipeline repair api --lost-run ${run}`),
    details: expect.arrayContaining([`${host} of api-local is in Standby`]),
  });
  await expect(plan('20200101T000000-ab12')).rejects.toMatchObject({
    code: 'repair.no-such-run',
    outcome: 'usage',
    fix: `name one of: ${run}`,
  });
  // Planned for the run of before, and another one has tagged the group since.
  const planned = await plan(run);
  const { name } = await group();
  const stranger = '20300101T000000-ab12';
  await setGroupTags(world.aws.autoScaling, { [name]: { [tagKeys.run]: stranger } });
  expect(await world.run(planned)).toMatchObject({ outcome: 'failed', error: { code: 'repair.unknown-run' } });
  expect(await readGroupTag(world.aws.autoScaling, name, tagKeys.run)).toBe(stranger);
  await setGroupTags(world.aws.autoScaling, { [name]: { [tagKeys.run]: run } });
});

it('the repair shows each change that the tags of the run call for', async () => {
  const { described } = await plan(run);
  expect(Object.keys(described)).toEqual(['restore', 'preflight']);
  expect(described.restore).toEqual([
    'AZRebalance of api-local is suspended: ResumeProcesses AZRebalance',
    expect.stringContaining('before the run it had minimum 4'),
    `${host} of api-local is in Standby: TerminateInstanceInAutoScalingGroup ${host}: what it carries is not known; the group launches another one`,
    `api-local has the tags of run ${run} (release), which is not active here: DeleteTags, as the last change`,
    'no other run may be active on the fleet meanwhile, with another ledger either',
  ]);
});

it('an unreadable tag is refused instead of guessed', async () => {
  const { name } = await group();
  const set = (value: string) => setGroupTags(world.aws.autoScaling, { [name]: { [tagKeys.beforeSize]: value } });
  await set('4 to 12');
  await expect(plan(run)).rejects.toMatchObject({ code: 'fleet.unreadable-tag' });
  await set('min=4 max=12 desired=4');
});

it('a run holds the lock: what it has changed is not left', async () => {
  const lock = await world.services.ledger.lock('api', { command: 'pipeline release api', run: 'run-1' });
  expect((await plan()).described.restore).toBeUndefined();
  await lock.release();
});

it('what the tags cannot tell is left with exit code 4, and the tags stay for it', async () => {
  const { name } = await group();
  await setGroupTags(world.aws.autoScaling, { [name]: { [tagKeys.beforeStandby]: 'many' } });
  const result = await world.run(await plan(run));
  expect(result).toMatchObject({ outcome: 'manual-intervention', error: { code: 'repair.left' } });
  expect(result.leftovers.join('\n')).toContain(`${host} of api-local is in Standby; fix: `);
  expect(await group()).toMatchObject({ suspended: [], desired: 3 });
  // The record of this repair is not in the ledger either.
  run = (await readGroupTag(world.aws.autoScaling, name, tagKeys.run)) ?? '';
  expect(run).not.toBe('');
  await setGroupTags(world.aws.autoScaling, { [name]: { [tagKeys.beforeStandby]: 'none' } });
});

it('the repair restores the fleet, keeps what others have done, and finds nothing once more', async () => {
  const { facts } = await observeFleet(world.services);
  const [stranger] = (await group()).instances.filter((one) => one.lifecycle === 'InService');
  await registerTarget(world.aws.elb, facts.validationTargetGroupArn, stranger?.id ?? '');
  const planned = await plan(run);
  const result = await world.run(planned);
  expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
  expect(await group()).toMatchObject({ min: 4, max: 12, desired: 4, suspended: [] });
  expect(await world.serving()).toEqual(Array(4).fill('v1 InService healthy'));
  expect((await group()).instances.map((one) => one.id)).not.toContain(host);
  // No tag says that this one is of a run.
  expect(result.state.others.join('\n')).toContain(`deregister-targets`);
  const again = await plan();
  expect(again.described.restore).toBeUndefined();
  expect(again.initial.leftovers).toMatchObject([{ kind: 'validation-target', id: stranger?.id }]);
  await suspendProcesses(world.aws.autoScaling, world.fleet.names.group, ['AZRebalance']);
  expect((await plan()).described.restore).toBeUndefined();
});

it('tags of a run that is over are only removed, and an image that is another one by then is not looked at', async () => {
  const { services } = world;
  const record = { app: 'api', environment: 'local', by: 'ann', host: 'h', command: 'pipeline scale api 9', steps: [] };
  const id = '20260101T000000-ab12';
  const times = { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:10:00Z' };
  await services.ledger.saveRun({ ...record, ...times, id, operation: 'scale', outcome: 'done' });
  const before = await group();
  const size = { min: 9, max: 9, desired: 9 };
  const prior = { run: id, operation: 'scale', size, suspended: ['Launch'], standby: [], weight: 100 };
  await setGroupTags(world.aws.autoScaling, { [before.name]: priorTags(prior) });
  const planned = await plan();
  expect(planned.described.restore?.[0]).toContain(`${id}, which is over: they tell nothing any more: DeleteTags`);
  const initial = { ...planned.initial, broken: { imageId: 'ami-0123456789abcdef0', state: 'available' } };
  const result = await world.run({ ...planned, initial });
  expect(result).toMatchObject({ outcome: 'done', state: { restored: true, unchecked: true } });
  expect(world.notes.at(-1)).toContain('repair again, pipeline repair api');
  expect(await group()).toEqual(before);
  expect(await readGroupTag(world.aws.autoScaling, before.name, tagKeys.run)).toBeUndefined();
});

it('what was restored is kept when the image cannot be repaired, and what needed the image is restored after it', () => {
  const leftovers = [{ kind: 'tags', id: 'api', seen: '', change: '', atRisk: false, restore: { do: 'remove-tags' } }];
  const steps = repairSteps({ repair: 'enable', leftovers: leftovers as Leftover[] });
  expect(steps.map(({ id, commits }) => [id, commits ?? false])).toEqual([
    ['restore', true],
    ['preflight', false],
    ['enable', true],
    ['restore-rest', false],
  ]);
});
