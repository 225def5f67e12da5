import { CreateListenerCommand, ModifyTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFleetResources } from '../../src/aws/fleet-resources.ts';
import { setGroupTag } from '../../src/aws/group-tags.ts';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { readRoutes, setWeights } from '../../src/aws/listeners.ts';
import { createRule } from '../../src/aws/rules.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { readDrift } from '../../src/fleet/configuration/read-drift.ts';
import type { Services } from '../../src/fleet/services.ts';
import { type ConfigurationOutcome, configureFleet } from '../../src/provision/configure-fleet.ts';
import { provisionFleets } from '../../src/provision/fleets.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { everyVersion, firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated;
let original: Fleet;

/** `local up` after the pipelines file has changed: `changed` is what it says now. */
async function up(
  changed: Fleet = world.services.fleet,
  { overwrite = false, lostAfter = Number.POSITIVE_INFINITY } = {},
) {
  (world.services as { fleet: Fleet }).fleet = changed;
  const { endpoint, region, credentials } = world.cloud;
  let outcome: ConfigurationOutcome | undefined;
  const place = { projectDir: world.dir, cloud: { endpoint, region, ...credentials }, note: () => undefined };
  await provisionFleets({
    ...place,
    fleets: [changed],
    clients: world.aws,
    poll: createPoll(world.clock),
    configure: async (_fleet, make) => {
      const services = lostAfter === Number.POSITIVE_INFINITY ? world.services : dying(lostAfter);
      outcome = await configureFleet(services, { clock: world.clock, command: 'pipeline local up', overwrite, make });
    },
  });
  return outcome as ConfigurationOutcome;
}

/** The services of a process that is gone after so many changes of the cloud. */
function dying(calls: number) {
  const left = { calls };
  const aws = world.cloud.newClients();
  for (const client of [aws.elb, aws.autoScaling]) {
    (client.middlewareStack as { add: typeof aws.elb.middlewareStack.add }).add(
      (next, { commandName = '' }) =>
        async (args) => {
          if (!/^(Describe|Get)/.test(commandName) && left.calls-- <= 0) throw new Error('killed');
          return next(args);
        },
      { step: 'initialize', name: 'dying' },
    );
  }
  return { ...world.services, aws };
}

const resources = () => readFleetResources(world.aws, world.services.fleet);
const settingsOf = ({ applied }: ConfigurationOutcome) => applied.map((one) => one.setting);
const openOf = ({ open }: ConfigurationOutcome) => open.map((one) => `${one.setting} ${one.origin}`);
const withCheck = (fleet: Fleet, check: Partial<Fleet['balancer']['healthCheck']>): Fleet => ({
  ...fleet,
  balancer: { ...fleet.balancer, healthCheck: { ...fleet.balancer.healthCheck, ...check } },
});
const withCapacity = (fleet: Fleet, capacity: Partial<Fleet['capacity']>): Fleet => ({
  ...fleet,
  capacity: { ...fleet.capacity, ...capacity },
});
const onPort = (fleet: Fleet, listenerPort: number): Fleet => ({
  ...fleet,
  balancer: { ...fleet.balancer, listenerPort },
});
const withPort = (fleet: Fleet, port: number): Fleet => ({ ...fleet, service: { ...fleet.service, port } });

describe('a fleet without instances', () => {
  beforeAll(async () => {
    world = await Simulated.create();
    original = world.fleet;
  }, 60_000);
  afterAll(() => world.close());

  it('has nothing to apply after its creation', async () => {
    expect(await up()).toMatchObject({ applied: [], open: [], postponed: null });
  });

  it('gets target groups on another port, and the first release goes there', async () => {
    const changed = withPort(original, 4100);
    expect(settingsOf(await up(changed))).toEqual(['service.port']);
    expect((await resources()).targetGroups.map((one) => one.port)).toEqual([4100, 4100]);
    expect(await up(changed)).toMatchObject({ applied: [], open: [] });
    const { error } = await world.run(await planRelease(world.services, world.clock, {}));
    expect(error).toBeUndefined();
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);
});

describe('a killed change of port of a fleet without instances', () => {
  beforeEach(async () => {
    world = await Simulated.create();
    original = world.fleet;
    return () => world.close();
  }, 60_000);

  it.each([0, 1, 2, 3])(
    'is completed by the next local up, with %i changes made before',
    async (calls) => {
      const changed = withPort(original, 4100);
      await expect(up(changed, { lostAfter: calls })).rejects.toThrow('killed');
      await up(changed);
      const { targetGroups, groups, listeners } = await resources();
      expect(targetGroups.map((one) => one.port)).toEqual([4100, 4100]);
      expect(groups[0]?.targetGroupArns).toEqual([targetGroups[0]?.arn]);
      expect(listeners.map((one) => one.port)).toEqual([original.balancer.listenerPort]);
      expect(await up(changed)).toMatchObject({ applied: [], open: [] });
    },
    60_000,
  );

  it('keeps the target groups while the listener has rules of somebody else', async () => {
    const { listeners } = await resources();
    await createRule(world.aws.elb, {
      listenerArn: listeners[0]?.arn ?? '',
      priority: 3,
      conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/old'] } }],
      actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '410' } }],
      tags: {},
    });
    const outcome = await up(withPort(original, 4100));
    expect(outcome).toMatchObject({ applied: [], open: [{ message: expect.stringContaining('priority 3') }] });
    expect((await resources()).targetGroups[0]?.port).toBe(original.service.port);
  }, 60_000);
});

describe('a fleet that serves', () => {
  beforeAll(async () => {
    world = await Simulated.create();
    original = world.fleet;
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    world.answers.to = everyVersion;
    await up(original, { overwrite: true });
    expect(await up(original)).toMatchObject({ applied: [], open: [], postponed: null });
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('gets a changed health check, drain time and grace period on every resource', async () => {
    const check = { path: '/ready', intervalSeconds: 7, timeoutSeconds: 3, healthyThreshold: 3, unhealthyThreshold: 4 };
    const { balancer, release } = withCheck(original, check);
    const changed = {
      ...original,
      balancer: { ...balancer, deregistrationDelaySeconds: 11 },
      release: { ...release, timeouts: { ...release.timeouts, health: 77 } },
    };
    const outcome = await up(changed);
    expect(settingsOf(outcome).sort()).toEqual([
      'balancer.deregistrationDelaySeconds',
      'balancer.healthCheck.healthyThreshold',
      'balancer.healthCheck.intervalSeconds',
      'balancer.healthCheck.path',
      'balancer.healthCheck.timeoutSeconds',
      'balancer.healthCheck.unhealthyThreshold',
      'release.timeouts.health',
    ]);
    const { targetGroups, groups } = await resources();
    for (const one of targetGroups) expect(one).toMatchObject({ healthCheck: check, deregistrationDelaySeconds: 11 });
    expect(groups[0]?.healthCheckGraceSeconds).toBe(77);
    expect(await up(changed)).toMatchObject({ applied: [], open: [] });
  });

  it('keeps its health check when an instance fails the new one, and applies the rest', async () => {
    world.answers.to = (url) => (url.endsWith('/ready') ? { status: 404, body: '' } : everyVersion());
    const changed = withCheck(original, { path: '/ready', intervalSeconds: 7 });
    const outcome = await up(changed);
    expect(settingsOf(outcome)).toEqual(['balancer.healthCheck.intervalSeconds']);
    expect(outcome.open).toMatchObject([
      {
        message: expect.stringMatching(/i-\w+ answers \/ready with 404/),
        fix: expect.stringContaining('first release'),
      },
    ]);
    // A version that answers it has been released meanwhile.
    world.answers.to = everyVersion;
    expect(settingsOf(await up(changed))).toEqual(['balancer.healthCheck.path']);
  });

  it('has its listener moved with rules and weights, and no other listener left', async () => {
    const before = await resources();
    const changed = onPort(original, 18_099);
    expect(settingsOf(await up(changed))).toEqual(['balancer.listenerPort']);
    const { listeners } = await resources();
    expect(listeners).toMatchObject([{ arn: before.listeners[0]?.arn, port: 18_099 }]);
    expect(listeners[0]?.routes).toEqual(before.listeners[0]?.routes);
  });

  it('loses the applied listener when the new port already has one, and no other', async () => {
    const { listeners } = await resources();
    const action = listeners[0]?.routes.find((one) => one.kind === 'listener')?.actions;
    const arn = listeners[0]?.arn.replace(':listener/', ':loadbalancer/').replace(/\/[^/]+$/, '');
    for (const Port of [18_098, 18_097]) {
      await world.aws.elb.send(
        new CreateListenerCommand({ LoadBalancerArn: arn, Protocol: 'HTTP', Port, DefaultActions: action }),
      );
    }
    const changed = onPort(original, 18_098);
    await up(changed);
    expect((await resources()).listeners.map((one) => one.port)).toEqual([18_097, 18_098]);
    expect(await up(changed)).toMatchObject({ applied: [], open: [] });
  });

  it('keeps weights that somebody has changed while its listener moves', async () => {
    const { listeners } = await resources();
    const route = listeners[0]?.routes.find((one) => one.kind === 'listener');
    const weights = [{ targetGroupArn: route?.weights[0]?.targetGroupArn ?? '', weight: 7 }];
    if (route) await setWeights(world.aws.elb, route, weights);
    await up(onPort(original, 18_096));
    const [moved] = (await resources()).listeners;
    expect((await readRoutes(world.aws.elb, moved?.arn ?? '')).find((one) => one.kind === 'listener')?.weights).toEqual(
      weights,
    );
  });

  it('gets another header for its validation route', async () => {
    const changed = { ...original, balancer: { ...original.balancer, validationHeader: 'x-look' } };
    expect(settingsOf(await up(changed))).toEqual(['balancer.validationHeader']);
    const headers = (await resources()).listeners[0]?.routes.flatMap((one) => one.header?.name ?? []);
    expect(headers).toEqual(['x-look']);
  });

  it('refuses another port of the service, and reports what that would need', async () => {
    const outcome = await up(withPort(original, 4200));
    expect(outcome.applied).toEqual([]);
    expect(outcome.open).toMatchObject([
      {
        setting: 'service.port',
        message: expect.stringContaining('listen on'),
        fix: expect.stringContaining('put service.port back'),
      },
    ]);
    expect((await resources()).targetGroups[0]?.port).toBe(original.service.port);
  });

  it('gets new limits, and a desired capacity that changes only for the minimum', async () => {
    expect(settingsOf(await up(withCapacity(original, { min: 3, max: 9 }))).sort()).toEqual([
      'capacity.max',
      'capacity.min',
    ]);
    expect(await readGroup(world.aws.autoScaling, original.names.group)).toMatchObject({ min: 3, max: 9, desired: 4 });
  });

  it('keeps instances that a lower maximum would terminate', async () => {
    const outcome = await up(withCapacity(original, { min: 2, max: 3 }));
    expect(settingsOf(outcome)).toEqual(['capacity.min']);
    expect(outcome.open).toMatchObject([
      { fix: expect.stringMatching(/pipeline scale api 3, then pipeline local up/) },
    ]);
    expect(await readGroup(world.aws.autoScaling, original.names.group)).toMatchObject({ min: 2, max: 12, desired: 4 });
  });

  it('keeps what somebody has changed in the cloud, unless --overwrite is given', async () => {
    const { targetGroups } = await resources();
    const change = { TargetGroupArn: targetGroups[0]?.arn, HealthCheckPath: '/by-hand' };
    await world.aws.elb.send(new ModifyTargetGroupCommand(change));
    await setCapacity(world.aws.autoScaling, original.names.group, { max: 10 });
    const outcome = await up();
    expect(outcome.applied).toEqual([]);
    expect(openOf(outcome).sort()).toEqual(['balancer.healthCheck.path cloud', 'capacity.max cloud']);
    const changed = withCheck(original, { path: '/ready' });
    expect(openOf(await up(changed)).sort()).toEqual(['balancer.healthCheck.path both', 'capacity.max cloud']);
    expect((await resources()).targetGroups.map((one) => one.healthCheck.path)).toEqual(['/by-hand', '/ready']);
    expect(settingsOf(await up(changed, { overwrite: true })).sort()).toEqual([
      'balancer.healthCheck.path',
      'capacity.max',
    ]);
    expect(await up(changed)).toMatchObject({ applied: [], open: [] });
  });

  it('keeps everything of a fleet of an older pipeline, unless --overwrite is given', async () => {
    const { groups } = await resources();
    for (const key of Object.keys(groups[0]?.tags ?? {}).filter((one) => one.includes(':applied:'))) {
      await setGroupTag(world.aws.autoScaling, original.names.group, key, undefined);
    }
    const changed = withCheck(original, { intervalSeconds: 9 });
    expect(openOf(await up(changed))).toEqual(['balancer.healthCheck.intervalSeconds unknown']);
    expect(settingsOf(await up(changed, { overwrite: true }))).toEqual(['balancer.healthCheck.intervalSeconds']);
  });

  it('keeps the size of a scale-out, and takes a new minimum when it is over', async () => {
    const services = { ...world.services, vcpuQuota: async () => undefined } as Services;
    expect((await world.run(await planScale(services, world.clock, { to: 6 }))).outcome).toBe('done');
    const changed = withCapacity(original, { min: 5 });
    const outcome = await up(changed);
    expect(outcome.applied).toEqual([]);
    expect(outcome.open).toMatchObject([
      { setting: 'capacity.min', fix: expect.stringContaining('pipeline scale api --cancel') },
    ]);
    expect(await readGroup(world.aws.autoScaling, original.names.group)).toMatchObject({ min: 6, desired: 6 });
    expect((await world.run(await planScaleCancel(services, world.clock))).outcome).toBe('done');
    await up(changed);
    expect((await readGroup(world.aws.autoScaling, original.names.group)).min).toBe(5);
    await up(original);
    await setCapacity(world.aws.autoScaling, original.names.group, { desired: 4 });
    await world.until(
      () => world.serving(),
      (all) => all.length === 4 && all.every((one) => one.endsWith('healthy')),
    );
  }, 60_000);

  it('is left alone while a run holds the lock, has crashed, or belongs to another ledger', async () => {
    const changed = withCheck(original, { intervalSeconds: 8 });
    const lock = await world.services.ledger.lock('api', { command: 'pipeline release api', run: 'r' });
    expect(await up(changed)).toMatchObject({
      applied: [],
      postponed: expect.stringContaining('pipeline release api'),
    });
    await lock.release();
    await setGroupTag(world.aws.autoScaling, original.names.group, tagKeys.run, '20300101T000000-aaaa');
    expect(await up(changed)).toMatchObject({
      applied: [],
      postponed: expect.stringContaining('20300101T000000-aaaa'),
    });
    await setGroupTag(world.aws.autoScaling, original.names.group, tagKeys.run, undefined);
    const run = { id: '20300101T000000-bbbb', operation: 'release', app: 'api', environment: 'local' };
    const rest = { startedAt: '2030-01-01T00:00:00Z', by: 'a', host: 'b', command: 'pipeline release api', steps: [] };
    await world.services.ledger.saveRun({ ...run, ...rest });
    expect(await up(changed)).toMatchObject({ applied: [], postponed: expect.stringContaining('pipeline abort api') });
    await world.services.ledger.saveRun({ ...run, ...rest, outcome: 'rolled-back', finishedAt: rest.startedAt });
    expect(settingsOf(await up(changed))).toEqual(['balancer.healthCheck.intervalSeconds']);
  });

  it.each([0, 1, 2, 3, 4])(
    'is completed by another local up after one that was killed with %i changes made',
    async (calls) => {
      const { balancer, ...rest } = withCapacity(withCheck(original, { path: '/ready' }), { max: 11 });
      const changed = { ...rest, balancer: { ...balancer, listenerPort: 18_095 } };
      await expect(up(changed, { lostAfter: calls })).rejects.toThrow('killed');
      await up(changed);
      expect(await up(changed)).toMatchObject({ applied: [], open: [] });
      expect(await readDrift(world.services, world.clock)).toEqual([]);
    },
  );

  it('shows in status and doctor how its file and the cloud differ', async () => {
    const { services } = world;
    (services as { fleet: Fleet }).fleet = withCheck(original, { path: '/ready' });
    const message = expect.stringContaining('balancer.healthCheck.path of target groups');
    expect(await readDrift(services, world.clock)).toMatchObject([{ message, fix: 'pipeline local up' }]);
    const doctor = { ...services, vcpuQuota: async () => undefined, identity: async () => ({ account: '', arn: '' }) };
    const findings = await diagnose(doctor as DoctorServices, world.clock);
    expect(findings.filter((one) => one.id === 'fleet.configuration')).toMatchObject([
      { severity: 'warning', message, fix: 'pipeline local up' },
    ]);
  });

  it('is reported when it is not on the port of the file, wherever the listener is looked for', async () => {
    const { services } = world;
    (services as { fleet: Fleet }).fleet = onPort(original, 18_094);
    await expect(planRelease(services, world.clock, {})).rejects.toMatchObject({
      code: 'listener.missing',
      fix: expect.stringContaining('pipeline local up'),
    });
  });
});
