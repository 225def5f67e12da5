import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type Instance as Member,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateImageCommand,
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  type Image,
  type Instance,
  type RequestLaunchTemplateData,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  type CreateTargetGroupCommandInput,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { until } from '@golden-pipeline/shared/testing/until';
import type { SdkClient } from '../../src/direct/connect.ts';
import { account } from '../../src/settings.ts';

/** On a clock that runs faster a moment of the host is long. */
const brief = () => new Promise((resolve) => setTimeout(resolve, 4));

/** Where a cloud is, and who one is there. */
export interface Place {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** The account of a running cloud, with the SDK's clients, which never retry. */
export class Account {
  readonly ec2: EC2Client;
  readonly asg: AutoScalingClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;
  #names = 0;

  /**
   * @param patienceMs how long `until` asks by default, in ms of the host's time
   * @param pause what comes between two of its looks
   * @param connect what else is done to each client before it is used
   */
  constructor(
    readonly place: Place,
    private readonly patienceMs = 15_000,
    private readonly pause: () => Promise<unknown> = brief,
    readonly connect: <Client extends SdkClient>(client: Client) => Client = (client) => client,
  ) {
    const config = { ...this.config(), maxAttempts: 1 };
    this.ec2 = connect(new EC2Client(config));
    this.asg = connect(new AutoScalingClient(config));
    this.elb = connect(new ElasticLoadBalancingV2Client(config));
    this.s3 = new S3Client({ ...config, forcePathStyle: true });
  }

  /** What clients are made with. */
  config(region = this.place.region) {
    return { endpoint: this.place.endpoint, region, credentials: { ...this.place.credentials } };
  }

  disconnect(): void {
    for (const client of [this.ec2, this.asg, this.elb, this.s3]) client.destroy();
  }

  /** A name that no other test uses. */
  name(prefix = 'thing'): string {
    return `${prefix}-${++this.#names}`;
  }

  /** Asks until the answer fits. */
  until<T>(read: () => Promise<T>, fits: (value: T) => boolean, limitMs = this.patienceMs): Promise<T> {
    return until(read, fits, { seconds: limitMs / 1000, pause: this.pause });
  }

  async run(more: Partial<RunInstancesCommandInput> = {}): Promise<Instance> {
    const { Instances } = await this.ec2.send(
      new RunInstancesCommand({ ImageId: account.baseImageId, MinCount: 1, MaxCount: 1, ...more }),
    );
    return Instances?.[0] as Instance;
  }

  async instance(id: string): Promise<Instance> {
    const { Reservations } = await this.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0] as Instance;
  }

  reached(id: string, state: string): Promise<Instance> {
    return this.until(
      () => this.instance(id),
      (one) => one.State?.Name === state,
    );
  }

  /** Id of an instance that runs. */
  async running(more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
    const { InstanceId = '' } = await this.run(more);
    await this.reached(InstanceId, 'running');
    return InstanceId;
  }

  async image(id: string): Promise<Image> {
    const { Images } = await this.ec2.send(new DescribeImagesCommand({ ImageIds: [id], IncludeDisabled: true }));
    return Images?.[0] as Image;
  }

  /** Id of an image that is available. */
  async baked(InstanceId: string, Name = this.name('image')): Promise<string> {
    const { ImageId = '' } = await this.ec2.send(new CreateImageCommand({ InstanceId, Name, NoReboot: true }));
    await this.until(
      () => this.image(ImageId),
      (one) => one.State === 'available',
    );
    return ImageId;
  }

  /** Name of a new launch template with one version, of the base image by default. */
  async template(ImageId: string = account.baseImageId, more: RequestLaunchTemplateData = {}): Promise<string> {
    const LaunchTemplateName = this.name('template');
    const LaunchTemplateData = { ImageId, InstanceType: 't3.micro' as const, ...more };
    await this.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    return LaunchTemplateName;
  }

  /** ARN of a new target group; two checks of 5 s each decide by default. */
  async targetGroup(more: Partial<CreateTargetGroupCommandInput> = {}): Promise<string> {
    const check = { HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2, HealthyThresholdCount: 2 };
    const { TargetGroups } = await this.elb.send(
      new CreateTargetGroupCommand({
        ...{ Name: this.name('targets'), Protocol: 'HTTP', Port: 8080, VpcId: account.vpcId, ...check },
        ...more,
      }),
    );
    return TargetGroups?.[0]?.TargetGroupArn ?? '';
  }

  async balancer(): Promise<string> {
    const { LoadBalancers } = await this.elb.send(
      new CreateLoadBalancerCommand({ Name: this.name('balancer'), Subnets: Object.values(account.subnets) }),
    );
    return LoadBalancers?.[0]?.LoadBalancerArn ?? '';
  }

  /** ARN of the listener of a new load balancer. */
  async listener(TargetGroupArn: string): Promise<string> {
    const { Listeners } = await this.elb.send(
      new CreateListenerCommand({
        ...{ LoadBalancerArn: await this.balancer(), Port: 8000, Protocol: 'HTTP' },
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    );
    return Listeners?.[0]?.ListenerArn ?? '';
  }

  /** State and reason of a target; undefined when it is not registered. */
  async health(TargetGroupArn: string, id: string): Promise<{ state?: string; reason?: string } | undefined> {
    const { TargetHealthDescriptions = [] } = await this.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    const health = TargetHealthDescriptions.find(({ Target }) => Target?.Id === id)?.TargetHealth;
    return health && { state: health.State, reason: health.Reason };
  }

  /** Name of a new group over all zones whose instances are in service. */
  async group(size: number, more: Partial<CreateAutoScalingGroupCommandInput> = {}): Promise<string> {
    const AutoScalingGroupName = this.name('group');
    await this.asg.send(
      new CreateAutoScalingGroupCommand({
        ...{ AutoScalingGroupName, MinSize: 0, MaxSize: size * 2, DesiredCapacity: size },
        ...{ LaunchTemplate: { LaunchTemplateName: await this.template(), Version: '1' } },
        VPCZoneIdentifier: Object.values(account.subnets).join(','),
        ...more,
      }),
    );
    await this.inService(AutoScalingGroupName, size);
    return AutoScalingGroupName;
  }

  async describeGroup(name: string) {
    const { AutoScalingGroups } = await this.asg.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
    );
    return AutoScalingGroups?.[0];
  }

  async members(name: string, state = 'InService'): Promise<Member[]> {
    return ((await this.describeGroup(name))?.Instances ?? []).filter((one) => one.LifecycleState === state);
  }

  inService(name: string, count: number): Promise<Member[]> {
    return this.until(
      () => this.members(name),
      (all) => all.length === count,
    );
  }

  async refresh(AutoScalingGroupName: string) {
    const { InstanceRefreshes } = await this.asg.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }));
    return InstanceRefreshes?.[0];
  }

  refreshed(name: string, status: string) {
    return this.until(
      () => this.refresh(name),
      (one) => one?.Status === status,
    );
  }
}

/** The error code that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as Error).name;
  }
  return 'none';
}
