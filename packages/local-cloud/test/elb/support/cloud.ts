import type { Clock } from '@golden-pipeline/shared/clock';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect } from 'vitest';
import type { CloudContext } from '../../../src/context.ts';
import type { BalancerDriver } from '../../../src/elb/balancer-driver.ts';
import { createElbService, type ElbService } from '../../../src/elb/service.ts';
import { SimulatedBalancer } from '../../../src/elb/simulated.ts';
import { emptyState, type InstanceRecord } from '../../../src/model.ts';
import { homeRegion } from '../../../src/regions.ts';
import { account, delayProfiles } from '../../../src/settings.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every operation
type Answer = any;

export interface TestCloud<C extends Clock = ManualClock> {
  clock: C;
  context: CloudContext;
  service: ElbService;
  up: Set<string>;
  reports: unknown[];
  call(operation: string, input?: Record<string, unknown>): Promise<Answer>;
  /** Expects a call to be refused with that code. */
  refused(operation: string, input: Record<string, unknown>, code: string): Promise<void>;
  instance(id: string, address?: string): void;
}

/** ELBv2 over a simulated balancer (or the driver given) on a clock that stands still (or the one given). */
export function testCloud(): TestCloud;
export function testCloud<C extends Clock>(clock: C, driver: BalancerDriver, balancerAddress: string): TestCloud<C>;
export function testCloud(
  clock: Clock = new ManualClock(),
  driver?: BalancerDriver,
  balancerAddress?: string,
): TestCloud<Clock> {
  const up = new Set<string>();
  const reports: unknown[] = [];
  let addresses = 0;
  const context: CloudContext = {
    clock,
    region: homeRegion,
    state: emptyState(),
    delays: delayProfiles.quick,
    machines: {} as CloudContext['machines'],
    balancer: driver ?? new SimulatedBalancer({ clock, isUp: ({ id }) => up.has(id), drainMs: 1000 }),
    changed: () => {},
    report: (error) => reports.push(error),
    takeAddress: () => '127.1.16.1',
    releaseAddress: () => {},
    takeBalancerAddress: () => balancerAddress ?? `127.1.2.${++addresses}`,
  };
  const service = createElbService(context);
  service.start();
  const instance = (id: string, address = '127.1.16.1'): void => {
    context.state.instances[id] = {
      ...{ id, imageId: 'ami-1', instanceType: 't3.micro', state: 'running', address, availabilityZone: 'eu-west-1a' },
      ...{
        subnetId: 's',
        vpcId: account.vpcId,
        securityGroupIds: [],
        launchTime: 0,
        tags: {},
        volumeId: 'v',
        reservationId: 'r',
      },
    } as InstanceRecord;
  };
  const call = async (operation: string, input: Record<string, unknown> = {}): Promise<Answer> => {
    const handler = service.handlers[operation];
    if (!handler) throw new Error(`no operation ${operation}`);
    const region = account.region;
    return handler(input, { service: 'elasticloadbalancing', operation, region, accessKeyId: 'k', requestId: 'r' });
  };
  const refused = async (operation: string, input: Record<string, unknown>, code: string): Promise<void> => {
    await expect(call(operation, input)).rejects.toMatchObject({ name: 'CloudError', code });
  };
  return { clock, context, service, up, reports, call, refused, instance };
}

export const subnets = Object.values(account.subnets);

/** A load balancer, a target group and a listener between them; the ARNs. */
export async function fleet(cloud: TestCloud<Clock>, check: Record<string, unknown> = {}, port = 80) {
  const balancer = (await cloud.call('CreateLoadBalancer', { Name: 'lb', Subnets: subnets })).LoadBalancers[0]
    .LoadBalancerArn as string;
  const group = await makeGroup(cloud, 'api', check);
  const created = await cloud.call('CreateListener', {
    ...{ LoadBalancerArn: balancer, Protocol: 'HTTP', Port: port },
    DefaultActions: [{ Type: 'forward', TargetGroupArn: group }],
  });
  return { balancer, group, listener: created.Listeners[0].ListenerArn as string };
}

export async function makeGroup(
  cloud: TestCloud<Clock>,
  name: string,
  check: Record<string, unknown> = {},
): Promise<string> {
  const input = {
    ...{ Name: name, Protocol: 'HTTP', Port: 8080, VpcId: account.vpcId, HealthCheckIntervalSeconds: 5 },
    ...{ HealthyThresholdCount: 2, UnhealthyThresholdCount: 3, ...check },
  };
  return (await cloud.call('CreateTargetGroup', input)).TargetGroups[0].TargetGroupArn;
}
