import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quotaCodes } from '../../packages/local-cloud/src/quotas/known.ts';
import { deregisterTarget, registerTarget } from '../../src/aws/balancers.ts';
import { reservedUnits, reserveUnits } from '../../src/aws/capacity.ts';
import { createImage } from '../../src/aws/create-image.ts';
import { readGroupTag, setGroupTag } from '../../src/aws/group-tags.ts';
import * as groups from '../../src/aws/groups.ts';
import * as retirement from '../../src/aws/image-retirement.ts';
import * as images from '../../src/aws/images.ts';
import * as instances from '../../src/aws/instances.ts';
import * as templates from '../../src/aws/launch-templates.ts';
import { launchInstance } from '../../src/aws/launches.ts';
import { balancerOf, endTargetStickiness, readRoutes, setWeights } from '../../src/aws/listeners.ts';
import { cancelRefresh, isActive, readRefresh, rollbackRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import * as rules from '../../src/aws/rules.ts';
import * as settings from '../../src/aws/scaling-settings.ts';
import * as ports from '../../src/aws/security-groups.ts';
import { deleteSnapshot } from '../../src/aws/snapshots.ts';
import { deleteWarmPool, putWarmPool, readWarmPool } from '../../src/aws/warm-pool.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
/** Operations whose answers were lost. */
const lost = new Set<string>();

beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

/** Makes a change of which every answer is lost, whatever the SDK sends again. */
async function lose<T>(operation: string, change: () => Promise<T>): Promise<T> {
  const { faults, calls } = world.cloud;
  const before = calls.total(operation);
  const { id } = faults.add({ kind: 'cut-after', operation });
  try {
    return await change();
  } finally {
    faults.clear(id);
    expect(calls.total(operation), `calls of ${operation}`).toBeGreaterThan(before);
    lost.add(operation);
  }
}

const group = () => world.fleet.names.group;
const read = () => groups.readGroup(world.aws.autoScaling, group());
const poll = () => createPoll(world.clock);
const other = async () => (await read()).instances[0]?.id ?? '';

it('suspended processes and sizes of a group', async () => {
  const { autoScaling } = world.aws;
  await lose('SuspendProcesses', () => groups.suspendProcesses(autoScaling, group(), ['AZRebalance']));
  expect((await read()).suspended).toEqual(['AZRebalance']);
  await lose('ResumeProcesses', () => groups.resumeProcesses(autoScaling, group(), ['AZRebalance']));
  expect((await read()).suspended).toEqual([]);
  await lose('UpdateAutoScalingGroup', () => groups.setCapacity(autoScaling, group(), { min: 3, max: 13 }));
  expect(await read()).toMatchObject({ min: 3, max: 13, desired: 4 });
  const { launchTemplate } = await read();
  await lose('UpdateAutoScalingGroup', () => groups.setTemplate(autoScaling, group(), launchTemplate));
});

it('an instance that goes to Standby, returns, and is replaced', async () => {
  const { autoScaling } = world.aws;
  const id = await other();
  const lifecycle = async () => (await read()).instances.find((one) => one.id === id)?.lifecycle;
  await lose('EnterStandby', () => groups.enterStandby(autoScaling, group(), [id]));
  await world.until(lifecycle, (one) => one === 'Standby');
  await lose('ExitStandby', () => groups.exitStandby(autoScaling, group(), [id]));
  await world.until(lifecycle, (one) => one === 'InService');
  await lose('TerminateInstanceInAutoScalingGroup', () => groups.replaceInstance(autoScaling, group(), id));
  await world.until(lifecycle, (one) => one === undefined);
  await world.until(
    async () => (await read()).instances.length,
    (count) => count === 4,
  );
});

it('tags, scheduled actions, policies and the warm pool of a group', async () => {
  const { autoScaling } = world.aws;
  await lose('CreateOrUpdateTags', () => setGroupTag(autoScaling, group(), 'team', 'one'));
  expect(await readGroupTag(autoScaling, group(), 'team')).toBe('one');
  await lose('DeleteTags', () => setGroupTag(autoScaling, group(), 'team', undefined));
  expect(await readGroupTag(autoScaling, group(), 'team')).toBeUndefined();

  const night = { name: 'night', recurrence: '0 3 * * *', min: 2 };
  const { clock } = world;
  await lose('BatchPutScheduledUpdateGroupAction', () =>
    settings.putScheduledActions(autoScaling, group(), [night], clock.now()),
  );
  expect(await settings.readScheduledActions(autoScaling, group())).toMatchObject([night]);
  await lose('BatchDeleteScheduledAction', () => settings.deleteScheduledActions(autoScaling, group(), ['night']));
  expect(await settings.readScheduledActions(autoScaling, group())).toEqual([]);

  const target = { PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' as const } };
  await settings.putPolicy(autoScaling, group(), {
    name: 'cpu',
    alarms: [],
    settings: {
      PolicyName: 'cpu',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: { ...target, TargetValue: 60 },
    },
  });
  const [policy] = await settings.readPolicies(autoScaling, group());
  if (!policy) throw new Error('there is no policy');
  await lose('PutScalingPolicy', () => settings.putPolicy(autoScaling, group(), policy));
  await lose('DeletePolicy', () => settings.deletePolicy(autoScaling, group(), 'cpu'));
  expect(await settings.readPolicies(autoScaling, group())).toEqual([]);

  await lose('PutWarmPool', () => putWarmPool(autoScaling, group(), { state: 'Stopped', prepared: 5 }));
  expect(await readWarmPool(autoScaling, group())).toBe('present');
  await lose('DeleteWarmPool', () => deleteWarmPool(autoScaling, group()));
  await world.until(
    () => readWarmPool(autoScaling, group()),
    (one) => one === 'none',
  );
});

it('a version of the launch template, and refreshes onto it', async () => {
  const { ec2, autoScaling } = world.aws;
  const { launchTemplate } = await read();
  const [image] = await images.listImages(ec2, 'api', 'local');
  const template = await lose('CreateLaunchTemplateVersion', () =>
    templates.createTemplateVersion(ec2, {
      templateId: launchTemplate.id,
      sourceVersion: launchTemplate.version,
      imageId: image?.imageId ?? '',
      description: 'of a lost answer',
      instanceTags: {},
      token: 'lost',
    }),
  );
  const onto = { id: template.templateId, version: template.number };
  const slow = { ...world.fleet.release.refresh, instanceWarmupSeconds: 100 };
  const active = async () => isActive(await readRefresh(autoScaling, group()));
  for (const end of ['CancelInstanceRefresh', 'RollbackInstanceRefresh'] as const) {
    const id = await lose('StartInstanceRefresh', () => startRefresh(autoScaling, group(), onto, slow));
    expect((await readRefresh(autoScaling, group()))?.id).toBe(id);
    await lose(end, async () => {
      if (end === 'CancelInstanceRefresh') await cancelRefresh(autoScaling, group());
      else expect(await rollbackRefresh(autoScaling, group())).toBe(true);
    });
    await world.until(active, (one) => one === false);
  }
  await lose('ModifyLaunchTemplate', () => templates.setDefaultVersion(ec2, onto.id, onto.version));
  expect((await templates.readTemplateVersion(ec2, onto.id, '$Default')).number).toBe(onto.version);
  await templates.setDefaultVersion(ec2, onto.id, launchTemplate.version);
  await lose('DeleteLaunchTemplateVersions', () => templates.deleteTemplateVersion(ec2, onto.id, onto.version));
  await expect(templates.readTemplateVersion(ec2, onto.id, onto.version)).rejects.toMatchObject({
    code: 'template.missing',
  });
});

it('an instance, the targets of a group, and an image with its snapshots', async () => {
  const { ec2, elb } = world.aws;
  const { launchTemplate } = await read();
  const launch = { template: launchTemplate, tags: { team: 'one' }, token: 'lost' };
  const id = await lose('RunInstances', () => launchInstance(ec2, launch));
  await world.until(
    () => instances.readInstance(ec2, id),
    (one) => one?.state === 'running',
  );
  await lose('CreateTags', () => instances.tagInstances(ec2, [id], { team: 'two' }));
  const { facts } = await observeFleet(world.services);
  await lose('RegisterTargets', () => registerTarget(elb, facts.targetGroupArn, id));
  await lose('DeregisterTargets', () => deregisterTarget(elb, facts.targetGroupArn, id));

  const bake = { instanceId: id, name: 'lost', description: 'of a lost answer', tags: {} };
  const imageId = await lose('CreateImage', () => createImage(ec2, poll(), bake));
  const image = () => images.readImage(ec2, imageId);
  await world.until(image, (one) => one?.state === 'available');
  await lose('CreateTags', () => images.tagKnownGood(ec2, imageId));
  expect(await image()).toMatchObject({ knownGood: true });
  await images.tagRolledBack(ec2, [imageId], '2026-01-01T00:00:00Z');
  await lose('DeleteTags', () => images.untagRolledBack(ec2, imageId));
  expect((await image())?.rolledBackAt).toBeUndefined();
  await lose('EnableImageDeprecation', () => retirement.deprecateImage(ec2, imageId, world.clock.now()));
  await lose('DisableImageDeprecation', () => retirement.undeprecateImage(ec2, imageId));
  await lose('DisableImage', () => retirement.disableImage(ec2, imageId));
  await lose('EnableImage', () => retirement.enableImage(ec2, imageId));
  await lose('EnableImageDeregistrationProtection', () => retirement.protectImage(ec2, imageId));
  await lose('DisableImageDeregistrationProtection', () => retirement.unprotectImage(ec2, imageId));
  expect(await image()).toMatchObject({ state: 'available', protected: false, deprecated: false });
  await lose('DeregisterImage', () => images.deregisterImage(ec2, imageId));
  expect(await image()).toBeUndefined();

  const second = await createImage(ec2, poll(), { ...bake, name: 'second' });
  await world.until(
    () => images.readImage(ec2, second),
    (one) => one?.state === 'available',
  );
  const [snapshot = ''] = (await images.readImage(ec2, second))?.snapshotIds ?? [];
  const { DeregisterImageCommand } = await import('@aws-sdk/client-ec2');
  await ec2.send(new DeregisterImageCommand({ ImageId: second }));
  expect(await lose('DeleteSnapshot', () => deleteSnapshot(ec2, snapshot))).toBe(true);

  await lose('TerminateInstances', () => instances.terminateInstance(ec2, id));
  await world.until(
    () => instances.readInstance(ec2, id),
    (one) => one === undefined || one.state === 'terminated',
  );
});

it('weights, rules and the capacity of the load balancer', async () => {
  const { elb } = world.aws;
  const { facts } = await observeFleet(world.services);
  const routes = async () => readRoutes(elb, facts.listenerArn);
  for (const kind of ['listener', 'rule'] as const) {
    const route = (await routes()).find((one) => one.kind === kind);
    if (!route) continue;
    const operation = kind === 'listener' ? 'ModifyListener' : 'ModifyRule';
    await lose(operation, () => setWeights(elb, route, route.weights));
  }
  await lose('ModifyTargetGroupAttributes', () => endTargetStickiness(elb, facts.targetGroupArn));

  const arn = await lose('CreateRule', () =>
    rules.createRule(elb, {
      listenerArn: facts.listenerArn,
      priority: 77,
      conditions: [{ Field: 'path-pattern', Values: ['/lost'] }],
      actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }],
      tags: { team: 'one', other: 'one' },
    }),
  );
  const rule = async () => (await rules.readRules(elb, facts.listenerArn)).find((one) => one.arn === arn);
  const actions = (await rule())?.actions ?? [];
  await lose('ModifyRule', () => rules.updateRule(elb, arn, actions));
  await lose('AddTags', () => rules.tagRule(elb, arn, { team: 'two' }));
  await lose('RemoveTags', () => rules.tagRule(elb, arn, { other: undefined, team: 'two' }));
  expect((await rule())?.tags).toEqual({ team: 'two' });
  await lose('DeleteRule', () => rules.deleteRule(elb, arn));
  expect(await rule()).toBeUndefined();

  const balancer = balancerOf(facts.listenerArn);
  Object.assign(world.cloud.state?.() ?? {}, { quotas: { [quotaCodes.unitsOfRegion]: 1000 } });
  await lose('ModifyCapacityReservation', () => reserveUnits(elb, balancer, 100));
  expect(await reservedUnits(elb, balancer)).toBe(100);
});

it('a port that is opened, and closed', async () => {
  const { ec2 } = world.aws;
  const groupId = await ports.findFleetSecurityGroup(ec2, 'api', 'local');
  const opening = {
    groupId,
    app: 'api',
    file: 'api',
    environment: 'local',
    name: 'debug',
    port: 9229,
    cidr: '192.0.2.7/32',
  };
  const expires = Math.trunc(world.clock.now()) + 60_000;
  const ruleId = await lose('AuthorizeSecurityGroupIngress', () =>
    ports.openPort(ec2, { ...opening, expires, by: 'ann' }),
  );
  await lose('CreateTags', () => ports.prolongOpening(ec2, ruleId, expires + 1000));
  expect(await ports.listOpenings(ec2, { app: 'api' }, 'local')).toMatchObject([{ ruleId, expires: expires + 1000 }]);
  await lose('RevokeSecurityGroupIngress', () => ports.closePort(ec2, { groupId, ruleId }));
  expect(await ports.listOpenings(ec2, { app: 'api' }, 'local')).toEqual([]);
});

it('every operation that changes a fleet is among them', () => {
  const folder = path.resolve(import.meta.dirname, '../../src/aws');
  const sources = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
  const sent = new Set(
    sources.flatMap((text) => [...text.matchAll(/new (\w+)Command\(/g)].map(([, name]) => name ?? '')),
  );
  const changing = [...sent].filter((name) => !/^(Describe|Get|List)/.test(name));
  // A restart leaves nothing by which it could be recognized, and one more does no harm.
  expect([...lost, 'RebootInstances'].sort()).toEqual(changing.sort());
});
