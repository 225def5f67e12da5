import { DescribeImagesCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { balancerChanges, groupChanges, ownChanges } from '../../infra/deploy-actions.ts';
import { findTargetGroup } from '../../src/aws/balancers.ts';
import { readGroup, replaceInstance } from '../../src/aws/groups.ts';
import { deprecateImage, disableImage, enableImage, undeprecateImage } from '../../src/aws/image-retirement.ts';
import { listImages } from '../../src/aws/images.ts';
import { consoleOutput, rebootInstance, terminateInstance } from '../../src/aws/instances.ts';
import { endTargetStickiness, readListener, readRoutes, setWeights } from '../../src/aws/listeners.ts';
import { cancelRefresh, rollbackRefresh } from '../../src/aws/refreshes.ts';
import { createRule, deleteRule, tagRule, updateRule } from '../../src/aws/rules.ts';
import {
  deletePolicy,
  deleteScheduledActions,
  putPolicy,
  putScheduledActions,
} from '../../src/aws/scaling-settings.ts';
import { findFleetSecurityGroup, listOpenings } from '../../src/aws/security-groups.ts';
import { deleteWarmPool, putWarmPool } from '../../src/aws/warm-pool.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planPin, planUnpin } from '../../src/retention/plan-pin.ts';
import { planPrune } from '../../src/retention/plan-prune.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { planTask } from '../../src/tasks/plan.ts';
import { closeSecurityGroup, openSecurityGroup } from '../../src/tasks/ready.ts';
import type { Task } from '../../src/tasks/types.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';
import { type Record as Asked, underDeployRole } from './support/under-role.ts';

// One story: everything here is done under the deploy role of the fleet, which is asked before each call as AWS asks it.
let world: Simulated;
let services: DoctorServices & Services;
let asked: Asked;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  services = Object.assign(world.services, {
    vcpuQuota: async () => 1000,
    unitQuota: async () => 1000,
    identity: async () => ({
      account: '000000000000',
      arn: 'arn:aws:sts::000000000000:assumed-role/api-local-deploy/ann',
    }),
    ownAddress: async () => '192.0.2.7',
    elsewhere: () => [],
  });
  asked = underDeployRole(services.aws, services.fleet, world.cloud);
}, 60_000);
afterAll(() => world.close());

async function run<State>(plan: Plan<typeof world.services, State>) {
  const result = await world.run(plan);
  expect(asked.denied).toEqual([]);
  return result;
}
const done = async <State>(plan: Plan<typeof world.services, State>) => {
  expect((await run(plan)).error).toBeUndefined();
};
const task = async (one: Task, inputs: Record<string, unknown> = {}) =>
  done(
    (await planTask(services, world.clock, {
      name: 'task',
      steps: await one.steps(inputs, services.fleet),
      inputs,
    })) as never,
  );

describe('with the permissions of the deploy role', () => {
  it('versions are released, and a failed one is undone', async () => {
    for (let n = 0; n < 3; n++) await done(await planRelease(services, world.clock, {}));
    services.fleet.release.bake = 'builder';
    const failing = failingAfter(await planRelease(services, world.clock, {}), 'validate');
    expect((await run(failing)).outcome).toBe('rolled-back');
    services.fleet.release.bake = 'detach';
  }, 60_000);

  it('the fleet is rolled back in place', async () => {
    const inPlace = { version: 'v2', force: false, method: 'in-place', wait: true } as const;
    await done(await planRollback(services, world.clock, inPlace));
  }, 60_000);

  it('images are pinned, unpinned and retired', async () => {
    await done(await planPin(services, world.clock, { version: 'v1', reason: 'the sale' }));
    await done(await planUnpin(services, world.clock, 'v1'));
    Object.assign(services.fleet.release, { keep: 1, minimumAgeHours: 0, retireGraceHours: 0 });
    await done(await planPrune(services, world.clock, { force: false }));
  }, 60_000);

  it('the fleet is scaled out, pre-heated, and scaled in', async () => {
    services.fleet.scale = { warmPool: 'Stopped', reservedCapacityUnits: 200 };
    await done(await planScale(services, world.clock, { to: 6 }));
    await done(await planScaleCancel(services, world.clock));
  }, 60_000);

  it('a port of its instances is opened for a limited time, by the task of another file', async () => {
    const rules = { 'api-ssh': { fleet: 'api', port: 22 } };
    const { fleet } = services;
    services.fleet = { ...fleet, app: 'sg' };
    for (const time of [60_000, 7_200_000]) await task(openSecurityGroup(rules), { name: 'api-ssh', for: time });
    const group = await findFleetSecurityGroup(services.aws.ec2, 'api', 'local');
    expect(await listOpenings(services.aws.ec2, { app: 'api' }, 'local')).toMatchObject([
      { groupId: group, file: 'sg' },
    ]);
    await task(closeSecurityGroup(rules), { name: 'api-ssh' });
    services.fleet = fleet;
  }, 60_000);

  it('the doctor finds the permissions that it checks for', async () => {
    const found = await diagnose(services, world.clock);
    expect(found.find(({ id }) => id === 'account.permissions')).toMatchObject({ severity: 'ok' });
    expect(asked.denied).toEqual([]);
  }, 60_000);

  it('calls that only some runs need are allowed', async () => {
    const { aws, fleet } = services;
    const { ec2, autoScaling, elb } = aws;
    const { group: name } = fleet.names;
    const later = new Date(world.clock.now() + 3_600_000).toISOString();
    await putScheduledActions(autoScaling, name, [{ name: 'event', start: later, min: 5 }], world.clock.now());
    await deleteScheduledActions(autoScaling, name, ['event']);
    const settings = { PolicyName: 'more', AdjustmentType: 'ChangeInCapacity', ScalingAdjustment: 1 };
    await putPolicy(autoScaling, name, { name: 'more', alarms: [], settings });
    await deletePolicy(autoScaling, name, 'more');
    await putWarmPool(autoScaling, name, { state: 'Stopped', prepared: 5 });
    await deleteWarmPool(autoScaling, name);
    await cancelRefresh(autoScaling, name);
    await rollbackRefresh(autoScaling, name);

    const { instances } = await readGroup(autoScaling, name);
    const id = instances.find(({ lifecycle }) => lifecycle === 'InService')?.id ?? '';
    await consoleOutput(ec2, id);
    await rebootInstance(ec2, id);
    await replaceInstance(autoScaling, name, id);

    const image = (await listImages(ec2, fleet.app, fleet.environment)).find(({ version }) => version === 'v1');
    const imageId = image?.imageId ?? '';
    await deprecateImage(ec2, imageId, world.clock.now());
    await disableImage(ec2, imageId);
    await enableImage(ec2, imageId);
    await undeprecateImage(ec2, imageId);

    const listener = await readListener(elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
    const page = { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } } as const;
    const rule = await createRule(elb, {
      listenerArn: listener.arn,
      priority: 5,
      conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/closed'] } }],
      actions: [page],
      tags: { 'golden-pipeline:app': fleet.app },
    });
    await updateRule(elb, rule, [page]);
    await tagRule(elb, rule, { note: 'closed', past: undefined });
    await deleteRule(elb, rule);
    const [route] = (await readRoutes(elb, listener.arn)).filter(({ kind }) => kind === 'listener');
    if (route) await setWeights(elb, route, route.weights);
    await endTargetStickiness(elb, await findTargetGroup(elb, services.fleet.names.targetGroup));
    expect(asked.denied).toEqual([]);
  }, 60_000);

  it('every permission of the policy was used by these tests', () => {
    const changes = [...groupChanges, ...ownChanges, ...balancerChanges];
    expect(changes.filter((action) => !asked.allowed.has(action))).toEqual([]);
  });

  it('instances, images and groups of others cannot be accessed', async () => {
    const rules = { ssh: { fleet: 'api', securityGroup: 'default', port: 22 } };
    const steps = await openSecurityGroup(rules).steps({ name: 'ssh' }, services.fleet);
    const plan = await planTask(services, world.clock, { name: 'task', steps, inputs: {} });
    const { error } = await world.run(plan as never);
    expect(error).toMatchObject({ code: 'aws.UnauthorizedOperation' });
    expect(asked.denied).toHaveLength(1);
    const { ec2 } = world.cloud.newClients();
    const { Images } = await ec2.send(new DescribeImagesCommand({}));
    const instance = { ImageId: Images?.[0]?.ImageId, MinCount: 1, MaxCount: 1 };
    const { Instances } = await ec2.send(new RunInstancesCommand(instance));
    await expect(terminateInstance(services.aws.ec2, Instances?.[0]?.InstanceId ?? '')).rejects.toMatchObject({
      code: 'aws.UnauthorizedOperation',
    });
  });
});
