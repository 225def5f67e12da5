import type { AutoScalingGroup, CreateAutoScalingGroupType, InstanceRefresh } from '@aws-sdk/client-auto-scaling';
import { activeInstances } from '../../src/autoscaling/groups.ts';
import { createAutoScalingService } from '../../src/autoscaling/service.ts';
import type { GroupInstance, GroupRecord } from '../../src/model.ts';
import type { CallContext } from '../../src/wire/handler.ts';
import { FakeCloud } from '../support/fake-cloud.ts';

export const arn = 'arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/api/1';

const call: CallContext = {
  service: 'autoscaling',
  operation: 'test',
  region: 'eu-west-1',
  accessKeyId: 'AKID',
  requestId: 'r',
};

/** A service that works until it is ended: what it was waiting for then never comes, as when its process dies. */
function begin(cloud: FakeCloud) {
  let alive = true;
  const unlessEnded = <T>(answer: Promise<T>) =>
    answer.then((value) => (alive ? value : new Promise<T>(() => undefined)));
  const instances = { ...cloud.instances, terminate: (id: string) => unlessEnded(cloud.instances.terminate(id)) };
  const targets = {
    ...cloud.targets,
    deregister: (arn: string, id: string) => unlessEnded(cloud.targets.deregister(arn, id)),
  };
  const service = createAutoScalingService(cloud.context, { instances, targets });
  service.start();
  return {
    service,
    end() {
      alive = false;
      service.stop();
    },
  };
}

/** A started Auto Scaling on fakes, with a template of three versions and a target group. */
export function setUp() {
  const cloud = new FakeCloud();
  cloud.template('lt-1', 3);
  cloud.targetGroup(arn);
  let process = begin(cloud);

  // biome-ignore lint/suspicious/noExplicitAny: answers are as varied as operations
  const send = async (operation: string, input: object): Promise<any> => {
    const handler = process.service.handlers[operation];
    if (!handler) throw new Error(`no operation ${operation}`);
    return handler(input, { ...call, operation });
  };
  const record = (): GroupRecord => cloud.state.groups.api as GroupRecord;
  return {
    cloud,
    get service() {
      return process.service;
    },
    /** Auto Scaling ends, and starts anew after `downMs` on what a state file would have kept. */
    async restart(downMs = 0): Promise<void> {
      process.end();
      Object.assign(cloud.state, JSON.parse(JSON.stringify(cloud.state)));
      await cloud.clock.advance(downMs);
      process = begin(cloud);
      await process.service.idle();
    },
    send,
    record,
    /** Makes the group `api` and lets it settle. */
    async create(more: Partial<CreateAutoScalingGroupType> = {}): Promise<void> {
      await send('CreateAutoScalingGroup', {
        AutoScalingGroupName: 'api',
        LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '1' },
        MinSize: 0,
        MaxSize: 20,
        DesiredCapacity: 4,
        AvailabilityZones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
        TargetGroupARNs: [arn],
        HealthCheckType: 'ELB',
        ...more,
      });
      await cloud.clock.advance(10_000);
    },
    async group(): Promise<AutoScalingGroup> {
      return (await send('DescribeAutoScalingGroups', { AutoScalingGroupNames: ['api'] })).AutoScalingGroups[0];
    },
    async refresh(): Promise<InstanceRefresh> {
      return (await send('DescribeInstanceRefreshes', { AutoScalingGroupName: 'api' })).InstanceRefreshes[0];
    },
    async causes(): Promise<string[]> {
      const { Activities } = await send('DescribeScalingActivities', { AutoScalingGroupName: 'api' });
      return Activities.map((a: { Description: string; Cause: string }) => `${a.Description} | ${a.Cause}`);
    },
    inState(...states: GroupInstance['lifecycleState'][]): GroupInstance[] {
      return (record()?.instances ?? []).filter((i) => states.includes(i.lifecycleState));
    },
    /** What counts towards the desired capacity. */
    active(): GroupInstance[] {
      return activeInstances(record());
    },
    ids(): string[] {
      return record().instances.map((i) => i.instanceId);
    },
    versions(): number[] {
      return record()
        .instances.filter((i) => i.lifecycleState === 'InService')
        .map((i) => i.launchTemplate.version)
        .sort();
    },
    startRefresh(version: string | undefined, Preferences: object = {}) {
      return send('StartInstanceRefresh', {
        AutoScalingGroupName: 'api',
        DesiredConfiguration: version && { LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: version } },
        Preferences: { InstanceWarmup: 0, ...Preferences },
      });
    },
  };
}

export type Fixture = ReturnType<typeof setUp>;
