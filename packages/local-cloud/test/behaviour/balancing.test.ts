import { CreateSecurityGroupCommand, DeleteSecurityGroupCommand } from '@aws-sdk/client-ec2';
import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeAccountLimitsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  RegisterTargetsCommand,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World, type WorldOptions, webServer } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const register = (TargetGroupArn: string, ...ids: string[]) =>
  world.elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: ids.map((Id) => ({ Id })) }));
const healthIs = (arn: string, id: string, state: string | undefined) =>
  world.until(
    () => world.health(arn, id),
    (one) => one?.state === state,
  );
const fixed = (MessageBody: string): Action => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '503', ContentType: 'text/plain', MessageBody },
});
const forward = (...groups: [string, number][]): Action => ({
  Type: 'forward',
  ForwardConfig: { TargetGroups: groups.map(([TargetGroupArn, Weight]) => ({ TargetGroupArn, Weight })) },
});

describe('load balancers', () => {
  open();
  const create = (Name: string, Subnets = Object.values(account.subnets)) =>
    world.elb.send(new CreateLoadBalancerCommand({ Name, Subnets }));
  const find = async (arn: string) =>
    (await world.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }))).LoadBalancers?.[0];

  it('ELB-BAL-01 are provisioning for the delay, then active, at a loopback address of their own', async () => {
    const took = await world.took(async () => {
      const { LoadBalancers } = await create(world.name('balancer'));
      const arn = LoadBalancers?.[0]?.LoadBalancerArn ?? '';
      expect(LoadBalancers?.[0]).toMatchObject({ State: { Code: 'provisioning' }, Type: 'application' });
      expect(LoadBalancers?.[0]?.DNSName).toMatch(/^127\.\d+\.2\.\d+$/);
      await world.until(
        () => find(arn),
        (one) => one?.State?.Code === 'active',
      );
    });
    expect(took).toBeGreaterThanOrEqual(world.delays.balancerProvisioning);
  });

  it('ELB-BAL-02 are in two zones at the least, and made once', async () => {
    const Name = world.name('balancer');
    const [first = '', second = '', third = ''] = Object.values(account.subnets);
    expect(await refusal(create(Name, [first]))).toBe('ValidationError');
    const made = (await create(Name, [first, second])).LoadBalancers?.[0]?.LoadBalancerArn;
    expect((await create(Name, [first, second])).LoadBalancers?.[0]?.LoadBalancerArn).toBe(made);
    expect(await refusal(create(Name, [first, third]))).toBe('DuplicateLoadBalancerNameException');
  });

  it('ELB-BAL-03 that are protected stay; listeners and rules go with those that go, and the gone go again', async () => {
    const TargetGroupArn = await world.targetGroup();
    const ListenerArn = await world.listener(TargetGroupArn);
    const listeners = () => world.elb.send(new DescribeListenersCommand({ ListenerArns: [ListenerArn] }));
    const LoadBalancerArn = (await listeners()).Listeners?.[0]?.LoadBalancerArn ?? '';
    const protect = (Value: string) =>
      world.elb.send(
        new ModifyLoadBalancerAttributesCommand({
          ...{ LoadBalancerArn, Attributes: [{ Key: 'deletion_protection.enabled', Value }] },
        }),
      );
    const remove = () => world.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await protect('true');
    expect(await refusal(remove())).toBe('OperationNotPermittedException');
    await protect('false');
    await remove();
    await remove();
    expect(await refusal(listeners())).toBe('ListenerNotFoundException');
    await world.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
  });

  it('ELB-BAL-04 move to other subnets, one in each zone', async () => {
    const LoadBalancerArn = await world.balancer();
    const [first = '', second = ''] = Object.values(account.subnets);
    const set = (...Subnets: string[]) => world.elb.send(new SetSubnetsCommand({ LoadBalancerArn, Subnets }));
    expect(await refusal(set(first))).toBe('ValidationError');
    expect(await refusal(set(first, second, second))).toBe('InvalidConfigurationRequestException');
    expect(await refusal(set(first, 'subnet-1'))).toBe('SubnetNotFoundException');
    const { AvailabilityZones = [] } = await set(first, second);
    expect(AvailabilityZones.map(({ SubnetId }) => SubnetId)).toEqual([first, second]);
    expect((await find(LoadBalancerArn))?.AvailabilityZones).toEqual(AvailabilityZones);
  });

  it('ELB-BAL-05 take security groups that exist', async () => {
    const LoadBalancerArn = await world.balancer();
    const set = (...SecurityGroups: string[]) =>
      world.elb.send(new SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups }));
    const { GroupId = '' } = await world.ec2.send(
      new CreateSecurityGroupCommand({ GroupName: world.name('web'), Description: 'web' }),
    );
    expect(await refusal(set(GroupId, 'sg-1'))).toBe('InvalidSecurityGroupException');
    expect((await set(GroupId)).SecurityGroupIds).toEqual([GroupId]);
    expect((await find(LoadBalancerArn))?.SecurityGroups).toEqual([GroupId]);
    expect(await refusal(world.ec2.send(new DeleteSecurityGroupCommand({ GroupId })))).toBe('DependencyViolation');
  });

  it('ELB-BAL-06 have limits, which can be read', async () => {
    const { Limits = [] } = await world.elb.send(new DescribeAccountLimitsCommand({}));
    const limit = (name: string) => Number(Limits.find(({ Name }) => Name === name)?.Max);
    expect([limit('target-groups'), limit('targets-per-application-load-balancer')]).toEqual([3000, 1000]);
    const LoadBalancerArn = await world.balancer();
    const listen = (Port: number) =>
      world.elb.send(
        new CreateListenerCommand({ LoadBalancerArn, Port, Protocol: 'HTTP', DefaultActions: [fixed('closed')] }),
      );
    for (let n = 0; n < limit('listeners-per-application-load-balancer'); n++) await listen(9000 + n);
    expect(await refusal(listen(9999))).toBe('TooManyListenersException');
  });
});

describe('a balancer of sandboxes', () => {
  open({ driver: 'sandbox' });
  const rule = (ListenerArn: string) =>
    world.elb.send(
      new CreateRuleCommand({
        ...{ ListenerArn, Priority: 1, Actions: [fixed('we are back soon')] },
        Conditions: [{ Field: 'path-pattern', Values: ['/closed/*'] }],
      }),
    );

  it('ELB-LSN-05 serves new connections by weights and rules as soon as the call is answered', async () => {
    const old = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    const fresh = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    const LoadBalancerArn = await world.balancer();
    const { Listeners } = await world.elb.send(
      new CreateListenerCommand({
        ...{ LoadBalancerArn, Port: 8000, Protocol: 'HTTP', DefaultActions: [forward([old, 100], [fresh, 0])] },
      }),
    );
    const ListenerArn = Listeners?.[0]?.ListenerArn ?? '';
    const ids = await Promise.all([old, fresh].map(() => world.running({ UserData: webServer })));
    await Promise.all([old, fresh].map((arn, at) => register(arn, ids[at] ?? '')));
    await Promise.all([old, fresh].map((arn, at) => healthIs(arn, ids[at] ?? '', 'healthy')));
    const { LoadBalancers } = await world.elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }),
    );
    const ask = async (path = '/') => {
      const url = `http://${LoadBalancers?.[0]?.DNSName}:8000${path}`;
      // A connection that is kept open may bring one more answer of before.
      const { statusCode, body } = await request(url, { headers: { connection: 'close' } });
      return `${statusCode} ${await body.text()}`;
    };
    const hosts = await Promise.all(ids.map(async (id) => (await world.instance(id)).PrivateIpAddress));
    expect(await ask()).toBe(`200 ${hosts[0]}`);
    await world.elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions: [forward([old, 0], [fresh, 100])] }));
    for (let n = 0; n < 5; n++) expect(await ask()).toBe(`200 ${hosts[1]}`);
    await rule(ListenerArn);
    expect(await ask('/closed/now')).toBe('503 we are back soon');
    expect(await ask('/open')).toBe(`200 ${hosts[1]}`);
  });
});
