import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { resumeProcesses, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { commandsIn } from '../../src/doctor/fix-commands.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { Simulated } from '../support/simulated.ts';
import { expectRunnable } from './support/printed-fixes.ts';

let world: Simulated;
let services: DoctorServices;
const release = async () =>
  expect((await world.run(await planRelease(services, world.clock, {}))).error).toBeUndefined();

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  services = Object.assign(world.services, {
    vcpuQuota: async () => 1000,
    unitQuota: async () => 100,
    identity: async () => ({ account: '000000000000', arn: 'arn:aws:iam::000000000000:root' }),
  });
  await release();
}, 60_000);
afterAll(() => world.close());
afterEach(() => {
  world.cloud.faults.clear();
});

/** What is not well, and how many checks did not run. */
async function examine(of: DoctorServices = services) {
  const found = await diagnose(of, world.clock);
  await expectRunnable(found);
  const bad = found.filter(({ severity }) => severity === 'error' || severity === 'warning');
  return { bad, skipped: found.filter(({ severity }) => severity === 'skipped'), ids: found.map(({ id }) => id) };
}

const withNames = (names: Partial<DoctorServices['fleet']['names']>): DoctorServices => ({
  ...services,
  fleet: { ...services.fleet, names: { ...services.fleet.names, ...names } },
});

it('doctor reports a missing group as one error, and counts the checks that need the fleet', async () => {
  const { bad, skipped, ids } = await examine(withNames({ group: 'api-lost' }));
  expect(bad).toEqual([
    {
      id: 'fleet',
      severity: 'error',
      message: 'there is no Auto Scaling group api-lost',
      fix: 'create it: pipeline local up',
    },
  ]);
  const [{ message, checks = [] } = {} as Finding, ...others] = skipped;
  expect(others).toEqual([]);
  expect(message).toBe(`${checks.length} checks were skipped: they need the fleet`);
  expect(checks).toEqual(expect.arrayContaining(['fleet.drift', 'fleet.launch', 'rollback', 'account.permissions']));
  // What needs no fleet is still checked.
  expect(ids).toEqual(expect.arrayContaining(['account.identity', 'account.quota', 'ledger']));
});

it.each([
  ['target group', { targetGroup: 'api-lost' }],
  ['load balancer', { loadBalancer: 'api-lost' }],
  ['validation target group', { validationTargetGroup: 'api-lost' }],
])('doctor reports a missing %s as one error', async (_what, names) => {
  const { bad } = await examine(withNames(names));
  expect(bad).toMatchObject([{ id: 'fleet', severity: 'error', fix: 'create it: pipeline local up' }]);
  expect(bad[0]?.message).toContain('api-lost');
});

it('doctor reports missing credentials as one error, and still reads a ledger that is in files', async () => {
  const reason = Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
  });
  const refused = { ...services, identity: () => Promise.reject(reason) };
  const { bad, skipped, ids } = await examine(refused);
  expect(bad).toMatchObject([
    {
      id: 'account.identity',
      severity: 'error',
      message: 'no valid AWS credentials: Could not load credentials from any providers (CredentialsProviderError)',
      fix: expect.stringContaining('AWS_PROFILE'),
      cause: 'aws.credentials',
    },
  ]);
  expect(skipped).toHaveLength(1);
  expect(skipped[0]?.message).toMatch(/^\d\d checks were skipped: they need an AWS account that answers$/);
  expect(ids).toContain('ledger');
});

it('doctor reports a ledger that cannot be read as one error', async () => {
  const broken = Object.create(services.ledger, {
    lockOf: { value: () => Promise.reject(new Error('no such bucket')) },
  });
  const { bad, skipped, ids } = await examine({ ...services, ledger: broken });
  expect(bad).toMatchObject([{ id: 'ledger', severity: 'error', message: expect.stringContaining('no such bucket') }]);
  expect(skipped).toMatchObject([{ message: expect.stringMatching(/ need the ledger$/) }]);
  expect(ids).toContain('account.permissions');
});

it('doctor waits for Auto Scaling before it names the rollback while some instances serve', async () => {
  const { autoScaling } = services.aws;
  const group = services.fleet.names.group;
  await suspendProcesses(autoScaling, group, ['AddToLoadBalancer']);
  await setCapacity(autoScaling, group, { desired: 5 });
  const found = await world.until(
    async () => (await examine()).bad.find(({ id }) => id === 'fleet.health'),
    (one) => one?.message.startsWith('4 of 5'),
  );
  expect(found).toMatchObject({
    severity: 'warning',
    fix: 'Auto Scaling replaces them; if they stay unhealthy: release a version that works: pipeline release api',
  });
  await resumeProcesses(autoScaling, group, ['AddToLoadBalancer']);
  await setCapacity(autoScaling, group, { desired: 4 });
  await healthy();
});

it('doctor names a release as the fix of an unhealthy fleet without a known-good version before', async () => {
  world.cloud.faults.add({ kind: 'flapping', periodMs: 30_000 });
  const health = await unhealthy();
  expect(health).toMatchObject({ severity: 'error', fix: 'release a version that works: pipeline release api' });
  world.cloud.faults.clear();
  await healthy();
});

it('doctor names the rollback as the fix of an unhealthy fleet, and the rollback clears the finding', async () => {
  await release();
  const image = (await services.ledger.release('api', 'v2'))?.image?.imageId;
  world.cloud.faults.add({ kind: 'flapping', periodMs: 30_000, image });
  const health = await unhealthy();
  expect(health).toMatchObject({ severity: 'error', message: 'no instance of api-local is healthy' });
  expect(commandsIn(health?.fix ?? '')).toEqual(['pipeline fast-rollback api']);
  const result = await world.run(await planRollback(services, world.clock, { force: false }));
  expect(result).toMatchObject({ outcome: 'done' });
  // The instances of the old image come after the switch on the hosts.
  await healthy();
});

/** The finding about health once no instance is healthy. */
const unhealthy = () =>
  world.until(
    async () => (await examine()).bad.find(({ id }) => id === 'fleet.health'),
    (one) => one?.severity === 'error',
    { pause: () => world.clock.sleep(2_000) },
  );
const healthy = () =>
  world.until(
    async () => (await examine()).bad.filter(({ id }) => id === 'fleet.health'),
    (bad) => bad.length === 0,
  );
