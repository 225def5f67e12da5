import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { account, delayProfiles } from '../../src/settings.ts';
import { drivers, openWorld, patiently, refusal, type World, type WorldOptions, webServer } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const register = (TargetGroupArn: string, ...ids: string[]) =>
  world.elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: ids.map((Id) => ({ Id })) }));
const deregister = (TargetGroupArn: string, Id: string) =>
  world.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id }] }));
const healthIs = (arn: string, id: string, state: string | undefined) =>
  world.until(
    () => world.health(arn, id),
    (one) => one?.state === state,
  );

describe.each(drivers)('targets on $driver machines', patiently, ({ driver }) => {
  open(driver === 'sandbox' ? { driver, delays: { ...delayProfiles.quick, minimumDrain: 1_500 } } : {});
  const quickCheck = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1, UnhealthyThresholdCount: 2 };

  it('ELB-TGT-01 are initial, healthy when they have answered as often as the threshold says', async () => {
    const arn = await world.targetGroup(quickCheck);
    await world.listener(arn);
    const id = await world.running({ UserData: webServer });
    await register(arn, id);
    const seen = await world.health(arn, id);
    expect(seen?.state).toBe('initial');
    expect(seen?.reason).toMatch(/^Elb\.(RegistrationInProgress|InitialHealthChecking)$/);
    await healthIs(arn, id, 'healthy');
    expect(await world.health(arn, id)).toEqual({ state: 'healthy', reason: undefined });
  });

  it('ELB-TGT-02 that do not answer are unhealthy, and healthy again when they do', async () => {
    const arn = await world.targetGroup(quickCheck);
    await world.listener(arn);
    const id = await world.running({ UserData: webServer });
    world.cloud.faults.add({ kind: 'never-healthy', instance: id });
    await register(arn, id);
    expect(await healthIs(arn, id, 'unhealthy')).toEqual({ state: 'unhealthy', reason: 'Target.FailedHealthChecks' });
    world.cloud.faults.clear();
    await healthIs(arn, id, 'healthy');
  });

  it('ELB-TGT-03 drain for the shortest stay at the least, then are gone; registered again they begin anew', async () => {
    const arn = await world.targetGroup(quickCheck);
    await world.listener(arn);
    const id = await world.running({ UserData: webServer });
    await register(arn, id);
    await healthIs(arn, id, 'healthy');
    const took = await world.took(async () => {
      await deregister(arn, id);
      expect(await world.health(arn, id)).toEqual({ state: 'draining', reason: 'Target.DeregistrationInProgress' });
      await healthIs(arn, id, undefined);
    });
    expect(took).toBeGreaterThanOrEqual(world.delays.minimumDrain);
    await register(arn, id);
    expect((await world.health(arn, id))?.state).toBe('initial');
    await deregister(arn, id);
    await register(arn, id);
    expect((await world.health(arn, id))?.state).toBe('initial');
  });
});

describe('targets', () => {
  open();

  it('ELB-TGT-04 of a group that no listener uses are unused, and leave at once', async () => {
    const arn = await world.targetGroup();
    const id = await world.running();
    await register(arn, id);
    expect(await world.health(arn, id)).toEqual({ state: 'unused', reason: 'Target.NotInUse' });
    await deregister(arn, id);
    expect(await world.health(arn, id)).toBeUndefined();
    await register(arn, id);
    await world.listener(arn);
    await healthIs(arn, id, 'healthy');
  });

  it('ELB-TGT-05 are running instances, all of a call or none', async () => {
    const arn = await world.targetGroup();
    const id = await world.running();
    const { InstanceId: pending = '' } = await world.run();
    expect(await refusal(register(arn, id, pending))).toBe('InvalidTargetException');
    expect(await world.health(arn, id)).toBeUndefined();
    const { TargetHealthDescriptions } = await world.elb.send(
      new DescribeTargetHealthCommand({ TargetGroupArn: arn, Targets: [{ Id: id }] }),
    );
    expect(TargetHealthDescriptions?.[0]?.TargetHealth).toMatchObject({
      State: 'unused',
      Reason: 'Target.NotRegistered',
    });
  });

  it('ELB-TGT-06 that are stopped or terminated are unused until they run again', async () => {
    const arn = await world.targetGroup();
    await world.listener(arn);
    const id = await world.running();
    await register(arn, id);
    await healthIs(arn, id, 'healthy');
    const invalid = async (state: string) => {
      expect(await healthIs(arn, id, 'unused')).toEqual({ state: 'unused', reason: 'Target.InvalidState' });
      const { TargetHealthDescriptions } = await world.elb.send(
        new DescribeTargetHealthCommand({ TargetGroupArn: arn }),
      );
      expect(TargetHealthDescriptions?.[0]?.TargetHealth?.Description).toBe(`Target is in the ${state} state`);
    };
    await world.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await invalid('stopped');
    await world.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await healthIs(arn, id, 'healthy');
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await world.reached(id, 'terminated');
    await invalid('terminated');
    await deregister(arn, id);
    expect(await world.health(arn, id)).toBeUndefined();
  });
});

describe('target groups', () => {
  open();

  it('ELB-TGP-01 have the defaults of AWS', async () => {
    const { TargetGroups } = await world.elb.send(
      new CreateTargetGroupCommand({ Name: 'defaults', Protocol: 'HTTP', Port: 80, VpcId: account.vpcId }),
    );
    const [group] = TargetGroups ?? [];
    expect(group).toMatchObject({
      ...{ HealthCheckPath: '/', HealthCheckPort: 'traffic-port', Matcher: { HttpCode: '200' } },
      ...{ HealthCheckIntervalSeconds: 30, HealthCheckTimeoutSeconds: 5 },
      ...{ HealthyThresholdCount: 5, UnhealthyThresholdCount: 2 },
    });
    const { Attributes = [] } = await world.elb.send(
      new DescribeTargetGroupAttributesCommand({ TargetGroupArn: group?.TargetGroupArn }),
    );
    expect(Attributes).toContainEqual({ Key: 'deregistration_delay.timeout_seconds', Value: '300' });
    expect(Attributes).toContainEqual({ Key: 'slow_start.duration_seconds', Value: '0' });
  });

  it('ELB-TGP-02 in use cannot be deleted; those that are gone can', async () => {
    const arn = await world.targetGroup();
    const remove = (TargetGroupArn: string) => world.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
    await world.listener(arn);
    expect(await refusal(remove(arn))).toBe('ResourceInUseException');
    const free = await world.targetGroup();
    await remove(free);
    await remove(free);
    expect(await refusal(world.elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [free] })))).toBe(
      'TargetGroupNotFoundException',
    );
  });

  it('ELB-TGP-03 belong to one load balancer', async () => {
    const arn = await world.targetGroup();
    await world.listener(arn);
    expect(await refusal(world.listener(arn))).toBe('TargetGroupAssociationLimitException');
  });

  it('ELB-TGP-04 are made once: the same again is the same one, with other settings it is refused', async () => {
    const Name = world.name('same');
    const arn = await world.targetGroup({ Name });
    expect(await world.targetGroup({ Name })).toBe(arn);
    expect(await refusal(world.targetGroup({ Name, Port: 9000 }))).toBe('DuplicateTargetGroupNameException');
  });

  it('ELB-TGP-05 check as often as each second, with a time-out no longer than the interval', async () => {
    await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    const check = { HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 6 };
    expect(await refusal(world.targetGroup(check))).toBe('ValidationError');
  });

  it('ELB-TGP-06 take attributes that they know, all of a call or none', async () => {
    const TargetGroupArn = await world.targetGroup();
    const set = (...Attributes: { Key: string; Value: string }[]) =>
      world.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
    const delay = { Key: 'deregistration_delay.timeout_seconds', Value: '15' };
    expect(await refusal(set(delay, { Key: 'unheard.of', Value: '1' }))).toBe('ValidationError');
    const read = async () =>
      (await world.elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }))).Attributes;
    expect(await read()).not.toContainEqual(delay);
    await set(delay);
    expect(await read()).toContainEqual(delay);
    expect(await refusal(set({ ...delay, Value: '3601' }))).toBe('ValidationError');
  });

  it('ELB-TGP-07 take a slow start of 30 to 900 seconds, but not with the fewest outstanding requests', async () => {
    const set = await attributesOf();
    const slow = 'slow_start.duration_seconds';
    const algorithm = 'load_balancing.algorithm.type';
    for (const value of ['1', '29', '901', '30.5', ''])
      expect(await refusal(set({ [slow]: value }))).toBe('ValidationError');
    for (const value of ['30', '900', '0']) await set({ [slow]: value });
    const both = { [slow]: '60', [algorithm]: 'least_outstanding_requests' };
    expect(await refusal(set(both))).toBe('InvalidConfigurationRequestException');
    await set({ [slow]: '60' });
    expect(await refusal(set({ [algorithm]: 'least_outstanding_requests' }))).toBe(
      'InvalidConfigurationRequestException',
    );
    await set({ ...both, [slow]: '0' });
  });

  it('ELB-TGP-09 fail over by DNS no later than by routing', async () => {
    const set = await attributesOf();
    const [dns, routing] = ['dns_failover', 'unhealthy_state_routing'].map(
      (action) => `target_group_health.${action}.minimum_healthy_targets`,
    );
    for (const kind of ['count', 'percentage']) {
      await set({ [`${dns}.${kind}`]: '50', [`${routing}.${kind}`]: '50' });
      expect(await refusal(set({ [`${dns}.${kind}`]: '49' }))).toBe('InvalidConfigurationRequestException');
      await set({ [`${dns}.${kind}`]: 'off' });
    }
    for (const value of ['off', '0', '1001', '']) {
      expect(await refusal(set({ [`${routing}.count`]: value }))).toBe('ValidationError');
    }
    expect(await refusal(set({ [`${routing}.percentage`]: '101' }))).toBe('ValidationError');
  });

  it('ELB-TGP-10 are sticky by the cookie of the load balancer only', async () => {
    const set = await attributesOf();
    const duration = 'stickiness.lb_cookie.duration_seconds';
    for (const value of ['0', '604801', '-1', ''])
      expect(await refusal(set({ [duration]: value }))).toBe('ValidationError');
    for (const value of ['1', '99999', '604800']) await set({ 'stickiness.enabled': 'true', [duration]: value });
    const theirs = { 'stickiness.type': 'app_cookie', 'stickiness.app_cookie.cookie_name': 'session' };
    expect(await refusal(set(theirs))).toBe('InvalidConfigurationRequestException');
    await set({ ...theirs, 'stickiness.enabled': 'false' });
  });
});

/** Sets attributes of a new target group. */
async function attributesOf() {
  const TargetGroupArn = await world.targetGroup();
  return (pairs: Record<string, string>) => {
    const Attributes = Object.entries(pairs).map(([Key, Value]) => ({ Key, Value }));
    return world.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
  };
}
