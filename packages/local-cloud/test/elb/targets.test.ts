import { beforeEach, describe, expect, it } from 'vitest';
import { fleet, makeGroup, type TestCloud, testCloud } from './support/cloud.ts';

let cloud: TestCloud;
let group: string;
let listener: string;

async function state(id: string, of = group): Promise<{ State: string; Reason?: string } | undefined> {
  const { TargetHealthDescriptions: all } = await cloud.call('DescribeTargetHealth', { TargetGroupArn: of });
  return all.find((one: { Target: { Id: string } }) => one.Target.Id === id)?.TargetHealth;
}

const register = (id: string, of = group) =>
  cloud.call('RegisterTargets', { TargetGroupArn: of, Targets: [{ Id: id }] });
const deregister = (id: string, of = group) =>
  cloud.call('DeregisterTargets', { TargetGroupArn: of, Targets: [{ Id: id }] });

beforeEach(async () => {
  cloud = testCloud();
  ({ group, listener } = await fleet(cloud));
  await cloud.clock.advance(1000);
  for (const id of ['i-1', 'i-2']) cloud.instance(id);
});

describe('a registered target', () => {
  it('is initial, then healthy once the threshold is met', async () => {
    cloud.up.add('i-1');
    await register('i-1');
    expect(await state('i-1')).toMatchObject({ State: 'initial', Reason: 'Elb.RegistrationInProgress' });
    await cloud.clock.advance(400);
    expect(await state('i-1')).toMatchObject({ State: 'initial', Reason: 'Elb.InitialHealthChecking' });
    await cloud.clock.advance(9000);
    expect((await state('i-1'))?.State).toBe('initial');
    await cloud.clock.advance(1000);
    expect(await state('i-1')).toEqual({ State: 'healthy' });
  });

  it('that never answers becomes unhealthy, and healthy again when it does', async () => {
    await register('i-1');
    await cloud.clock.advance(14_000);
    expect((await state('i-1'))?.State).toBe('initial');
    await cloud.clock.advance(1500);
    expect(await state('i-1')).toMatchObject({ State: 'unhealthy', Reason: 'Target.FailedHealthChecks' });
    cloud.up.add('i-1');
    await cloud.clock.advance(11_000);
    expect((await state('i-1'))?.State).toBe('healthy');
    cloud.up.delete('i-1');
    delete cloud.context.state.instances['i-1'];
    await cloud.clock.advance(16_000);
    expect(await state('i-1')).toMatchObject({ State: 'unused', Reason: 'Target.InvalidState' });
  });

  it('of a group that no listener uses is unused until one does', async () => {
    const idle = await makeGroup(cloud, 'idle');
    cloud.up.add('i-1');
    await register('i-1', idle);
    await cloud.clock.advance(20_000);
    expect(await state('i-1', idle)).toMatchObject({ State: 'unused', Reason: 'Target.NotInUse' });
    const weights = [group, idle].map((TargetGroupArn, n) => ({ TargetGroupArn, Weight: n ? 0 : 100 }));
    await cloud.call('ModifyListener', {
      ListenerArn: listener,
      DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: weights } }],
    });
    await cloud.clock.advance(11_000);
    expect((await state('i-1', idle))?.State).toBe('healthy');
    await cloud.call('ModifyListener', {
      ListenerArn: listener,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: group }],
    });
    await cloud.clock.advance(400);
    expect((await state('i-1', idle))?.State).toBe('unused');
    await cloud.clock.advance(2000);
    expect(await cloud.context.balancer.read()).toEqual([]);
    await deregister('i-1', idle);
    expect(await state('i-1', idle)).toBeUndefined();
  });

  it('drains until nothing is in flight, then is gone', async () => {
    cloud.up.add('i-1');
    await register('i-1');
    await cloud.clock.advance(11_000);
    let gone = false;
    const seen: (string | undefined)[] = [];
    cloud.service.targets.onStateChange((arn, id) => seen.push(cloud.service.targets.state(arn, id)));
    void cloud.service.targets.deregister(group, 'i-1').then(() => {
      gone = true;
    });
    await cloud.clock.advance(800);
    expect(await state('i-1')).toMatchObject({ State: 'draining', Reason: 'Target.DeregistrationInProgress' });
    expect(gone).toBe(false);
    await cloud.clock.advance(600);
    expect(gone).toBe(true);
    expect(seen).toEqual(['draining', undefined]);
    expect(await cloud.context.balancer.read()).toEqual([]);
  });

  it('leaves at the deregistration delay even with requests in flight', async () => {
    await cloud.call('ModifyTargetGroupAttributes', {
      ...{ TargetGroupArn: group, Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '0' }] },
    });
    cloud.up.add('i-1');
    await register('i-1');
    await cloud.clock.advance(11_000);
    await deregister('i-1');
    await cloud.clock.advance(300);
    expect(await state('i-1')).toBeUndefined();
  });

  it('that drains can be registered again and begins anew', async () => {
    cloud.up.add('i-1');
    await register('i-1');
    await cloud.clock.advance(11_000);
    await deregister('i-1');
    await cloud.clock.advance(400);
    await register('i-1');
    expect((await state('i-1'))?.State).toBe('initial');
    await cloud.clock.advance(5000);
    expect((await state('i-1'))?.State).toBe('initial');
    await cloud.clock.advance(6000);
    expect((await state('i-1'))?.State).toBe('healthy');
  });
});

describe('registration', () => {
  it('refuses what cannot be registered and changes nothing', async () => {
    await expect(
      cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: [{ Id: 'i-1' }, { Id: 'i-9' }] }),
    ).rejects.toMatchObject({ code: 'InvalidTarget' });
    await expect(cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: [] })).rejects.toMatchObject({
      code: 'ValidationError',
    });
    await expect(register('i-1', `${group}0`)).rejects.toMatchObject({ code: 'TargetGroupNotFound' });
    const many = Array.from({ length: 1001 }, (_, n) => ({ Id: 'i-1', Port: n + 1 }));
    await expect(cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: many })).rejects.toMatchObject({
      code: 'TooManyTargets',
    });
    expect((await cloud.call('DescribeTargetHealth', { TargetGroupArn: group })).TargetHealthDescriptions).toEqual([]);
  });

  it('says of targets asked for that they are not registered', async () => {
    const { TargetHealthDescriptions: all } = await cloud.call('DescribeTargetHealth', {
      TargetGroupArn: group,
      Targets: [{ Id: 'i-2' }],
    });
    expect(all[0].TargetHealth).toMatchObject({ State: 'unused', Reason: 'Target.NotRegistered' });
  });
});
