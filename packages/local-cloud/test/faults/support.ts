import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { type CloudOptions, type LocalCloud, startLocalCloud } from '../../src/daemon/cloud.ts';
import { account } from '../../src/settings.ts';

/** A cloud of simulated machines on a clock that the test moves, with the SDK's clients, which never retry by default. */
export class FaultyCloud {
  readonly ec2: EC2Client;
  readonly asg: AutoScalingClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;

  private constructor(
    readonly cloud: LocalCloud,
    readonly clock: ManualClock,
    private readonly dir: string,
    readonly reports: unknown[],
    private readonly chance: { value: number },
  ) {
    const config = { ...this.config(), maxAttempts: 1 };
    this.ec2 = new EC2Client(config);
    this.asg = new AutoScalingClient(config);
    this.elb = new ElasticLoadBalancingV2Client(config);
    this.s3 = new S3Client({ ...config, forcePathStyle: true });
  }

  /** @param delays quick by default */
  static async start(delays: CloudOptions['delays'] = 'quick'): Promise<FaultyCloud> {
    const dir = await mkdtemp(join(tmpdir(), 'gp-faults-'));
    const clock = new ManualClock();
    const reports: unknown[] = [];
    const chance = { value: 0 };
    const random = () => chance.value;
    const report = (error: unknown) => reports.push(error);
    const cloud = await startLocalCloud({ dir, driver: 'simulated', delays, clock, random, report });
    return new FaultyCloud(cloud, clock, dir, reports, chance);
  }

  /** What chance says from now on; 0 lets every fault strike. */
  set random(value: number) {
    this.chance.value = value;
  }

  config() {
    const { endpoint, region, credentials } = this.cloud;
    return { endpoint, region, credentials: { ...credentials } };
  }

  async close(): Promise<void> {
    for (const client of [this.ec2, this.asg, this.elb, this.s3]) client.destroy();
    await this.cloud.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Moves the cloud's clock until what is read fits. */
  async until<T>(read: () => Promise<T>, fits: (value: T) => boolean, limitMs = 300_000): Promise<T> {
    for (let waited = 0; ; waited += 250) {
      const value = await read();
      if (fits(value)) return value;
      if (waited > limitMs) throw new Error(`never came true: ${JSON.stringify(value)}`);
      await this.clock.advance(250);
    }
  }

  /** Runs machines of the base image and waits for them. */
  async run(count = 1): Promise<string[]> {
    const range = { MinCount: count, MaxCount: count };
    const { Instances = [] } = await this.ec2.send(
      new RunInstancesCommand({ ImageId: account.baseImageId, InstanceType: 't3.micro', ...range }),
    );
    await this.clock.advance(1_000 * Math.ceil(count / 4));
    return Instances.map(({ InstanceId = '' }) => InstanceId);
  }

  /** A group `api` over all zones, behind a balancer if so wanted; the ARN of its target group. */
  async group(size: number, balanced = false): Promise<string> {
    const LaunchTemplateName = 'api';
    const data = { ImageId: account.baseImageId, InstanceType: 't3.micro' as const };
    await this.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: data }));
    const arn = balanced ? await this.targetGroup() : '';
    await this.asg.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: 'api',
        LaunchTemplate: { LaunchTemplateName, Version: '1' },
        MinSize: 0,
        MaxSize: size * 2,
        DesiredCapacity: size,
        VPCZoneIdentifier: Object.values(account.subnets).join(','),
        TargetGroupARNs: balanced ? [arn] : undefined,
        HealthCheckType: 'EC2',
      }),
    );
    return arn;
  }

  async members() {
    const { AutoScalingGroups } = await this.asg.send(new DescribeAutoScalingGroupsCommand({}));
    return (AutoScalingGroups?.[0]?.Instances ?? []).filter(({ LifecycleState }) => LifecycleState === 'InService');
  }

  /** State of each target of a group, by instance. */
  async health(TargetGroupArn: string): Promise<Record<string, string>> {
    const { TargetHealthDescriptions = [] } = await this.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    return Object.fromEntries(TargetHealthDescriptions.map((one) => [one.Target?.Id, one.TargetHealth?.State]));
  }

  /** Checks every 5 s: two good ones make it healthy, two bad ones unhealthy. */
  private async targetGroup(): Promise<string> {
    const { TargetGroups } = await this.elb.send(
      new CreateTargetGroupCommand({
        Name: 'api',
        Protocol: 'HTTP',
        Port: 8080,
        VpcId: account.vpcId,
        HealthCheckIntervalSeconds: 5,
        HealthCheckTimeoutSeconds: 2,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 2,
      }),
    );
    const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? '';
    const { LoadBalancers } = await this.elb.send(
      new CreateLoadBalancerCommand({ Name: 'api', Subnets: Object.values(account.subnets) }),
    );
    await this.elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
        Port: 80,
        Protocol: 'HTTP',
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    );
    await this.clock.advance(1_000);
    return TargetGroupArn;
  }
}
