import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerTarget } from '../../src/aws/balancers.ts';
import { setGroupTags } from '../../src/aws/group-tags.ts';
import { readGroup, suspendProcesses } from '../../src/aws/groups.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { type Finding, runAll } from '../../src/doctor/finding.ts';
import { fleetChecks } from '../../src/doctor/fleet.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRepair } from '../../src/repair/plan.ts';
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
const plan = () => planRepair(world.services, world.clock);
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
    fix: 'pipeline repair api',
  });
  expect(found.filter((one) => one.id === 'fleet.standby')).toMatchObject([{ fix: 'pipeline repair api' }]);
  expect(await doctor('error')).toEqual([]);
});

it('a release is refused, and the repair shows each change that the tags of the run call for', async () => {
  const { described } = await plan();
  expect(Object.keys(described)).toEqual(['restore', 'preflight']);
  expect(described.restore).toEqual([
    'AZRebalance of api-local is suspended: ResumeProcesses AZRebalance',
    `${host} of api-local is in Standby: TerminateInstanceInAutoScalingGroup ${host}: what it carries is not known; the group launches another one`,
    expect.stringContaining('before the run it had minimum 4'),
    `api-local has the tags of run ${run} (release), which is not active here: DeleteTags, as the last change`,
    'no other run may be active on the fleet meanwhile, with another ledger either',
  ]);
});

it('an unreadable tag is refused instead of guessed', async () => {
  const { name } = await group();
  const set = (value: string) => setGroupTags(world.aws.autoScaling, { [name]: { [tagKeys.beforeSize]: value } });
  await set('4 to 12');
  await expect(plan()).rejects.toMatchObject({ code: 'fleet.unreadable-tag' });
  await set('min=4 max=12 desired=4');
});

it('a run holds the lock: what it has changed is not left', async () => {
  const lock = await world.services.ledger.lock('api', { command: 'pipeline release api', run: 'run-1' });
  expect((await plan()).described.restore).toBeUndefined();
  await lock.release();
});

it('the repair restores the fleet, keeps what others have done, and finds nothing once more', async () => {
  const { facts } = await observeFleet(world.services);
  const [stranger] = (await group()).instances.filter((one) => one.lifecycle === 'InService');
  await registerTarget(world.aws.elb, facts.validationTargetGroupArn, stranger?.id ?? '');
  const planned = await plan();
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
