import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  AttachLoadBalancerTargetGroupsCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeKeyPairsCommand, DescribeSubnetsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  type LoadBalancer,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { execa } from 'execa';
import { type AwsClients, type AwsTarget, createClients } from '../aws/clients.ts';
import { isNotFound } from '../aws/errors.ts';
import {
  defineFleet,
  type FleetDefinition,
  type GroupDefinition,
  type TargetGroupDefinition,
} from '../aws/fleet-definition.ts';
import { resolveBaseImage } from '../aws/images.ts';
import { readRoutes } from '../aws/listeners.ts';
import { toTags } from '../aws/tags.ts';
import type { Fleet } from '../config/settings.ts';
import { appliedTags, valuesOfFile } from '../operations/configuration/settings.ts';
import { createPoll, type Poll } from '../run/poll.ts';
import { systemClock } from '../shared/clock.ts';
import { ledgerClientOptions } from './ledger.ts';
import { headerIs } from './local-changes.ts';
import { localEnvironments } from './local-environments.ts';
import { ensureSecurityGroup, ensureTemplate } from './local-machines.ts';
import { ensureInstanceProfile } from './local-role.ts';

/** Makes sure that every fleet of a local environment exists in the local cloud. What exists already is for `configure` to change. */
export async function provisionFleets(options: {
  projectDir: string;
  cloud: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string };
  note: (message: string) => void;
  /** Only these; without it those of the project. */
  fleets?: readonly Fleet[];
  /** Clients of the cloud, where there are some already. */
  clients?: AwsClients;
  /** How it waits; by the host's time unless told. */
  poll?: Poll;
  /** Called for each fleet when it is there. `make` makes what is missing of it, again. */
  configure?: (fleet: Fleet, make: () => Promise<void>) => Promise<void>;
}): Promise<{ app: string; url: string }[]> {
  const { endpoint, region, accessKeyId, secretAccessKey } = options.cloud;
  const { poll = createPoll(systemClock()) } = options;
  const clients = options.clients ?? createClients({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
  const iam = clients.iam ?? (await iamClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey } }));
  const made: { app: string; url: string }[] = [];
  for (const fleet of options.fleets ?? (await localEnvironments(options.projectDir))) {
    await ensureLedgerBucket(fleet, { region, endpoint, credentials: { accessKeyId, secretAccessKey } });
    const make = async () => void (await provision({ ...clients, iam }, fleet, poll));
    await make();
    options.note(`fleet ${fleet.names.group} is there`);
    await options.configure?.(fleet, make);
    made.push({ app: fleet.app, url: await urlOf(clients, fleet) });
  }
  return made;
}

/** IAM is of the account: its calls are signed for one region. */
async function iamClient(target: AwsTarget): Promise<NonNullable<AwsClients['iam']>> {
  const { IAMClient } = await import('@aws-sdk/client-iam');
  return new IAMClient({ ...target, region: 'us-east-1' });
}

async function provision(clients: Required<AwsClients>, fleet: Fleet, poll: Poll): Promise<void> {
  const { ec2 } = clients;
  const { subnetIds } = fleet.instance;
  const { Subnets = [] } = await ec2.send(
    new DescribeSubnetsCommand(
      subnetIds.length > 0 ? { SubnetIds: subnetIds } : { Filters: [{ Name: 'default-for-az', Values: ['true'] }] },
    ),
  );
  const subnets = subnetIds.length > 0 ? subnetIds : Subnets.flatMap((one) => one.SubnetId ?? []);
  const vpcId = Subnets[0]?.VpcId;
  const [keyName, baseImage] = await Promise.all([
    ensureKey(clients, fleet),
    resolveBaseImage(ec2, fleet.instance.baseImage),
  ]);
  // The same definition that the infrastructure app gives to CloudFormation.
  const definition = defineFleet(fleet);
  const balancer = await ensureBalancer(clients, definition, subnets, poll);
  const targetGroups = new Map<string, string>();
  for (const one of definition.targetGroups) {
    targetGroups.set(one.name, await ensureTargetGroup(clients, definition, one, vpcId));
  }
  await ensureListener(clients, definition, balancer.LoadBalancerArn ?? '', targetGroups);
  const securityGroup = await ensureSecurityGroup(clients, fleet, definition, vpcId);
  const templateId = await ensureTemplate(clients, fleet, definition, {
    imageId: baseImage.imageId,
    keyName,
    securityGroup,
    profile: await ensureInstanceProfile(clients.iam, fleet),
  });
  for (const [index, group] of definition.groups.entries()) {
    const place = { templateId, targetGroup: targetGroups.get(group.targetGroup) ?? '', subnets };
    // What a fleet is made with is what was applied to it last.
    await ensureGroup(clients, definition, group, place, index === 0 ? appliedTags(valuesOfFile(fleet)) : {});
  }
}

/** Where the fleet answers: on the port of the file, unless its listener is on another one still. */
async function urlOf({ elb }: AwsClients, { names, balancer }: Fleet): Promise<string> {
  const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: [names.loadBalancer] }));
  const { LoadBalancerArn, DNSName } = LoadBalancers?.[0] ?? {};
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const ports = Listeners.flatMap((one) => one.Port ?? []);
  const port = ports.includes(balancer.listenerPort) ? balancer.listenerPort : (ports[0] ?? balancer.listenerPort);
  return `http://${DNSName}:${port}`;
}

/** The bucket of a ledger on S3, versioned as the infrastructure makes it on AWS. */
async function ensureLedgerBucket(fleet: Fleet, target: AwsTarget): Promise<void> {
  const { type, bucket: Bucket } = fleet.ledger;
  if (type !== 's3' || Bucket === undefined) return;
  const { CreateBucketCommand, PutBucketVersioningCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client(ledgerClientOptions(target));
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: fleet.region as 'eu-west-1' },
      }),
    );
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
  } finally {
    client.destroy();
  }
}

/** The key of the local machines, made on first use; the private half never leaves its file. */
async function ensureKey({ ec2 }: AwsClients, fleet: Fleet): Promise<string> {
  const name = fleet.instance.keyName ?? 'golden-pipeline';
  const file = fleet.ssh.privateKey;
  if (!(await stat(file).catch(() => undefined))) {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'golden-pipeline', '-f', file]);
    await chmod(file, 0o600);
  }
  try {
    await ec2.send(new DescribeKeyPairsCommand({ KeyNames: [name] }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await ec2.send(new ImportKeyPairCommand({ KeyName: name, PublicKeyMaterial: await readFile(`${file}.pub`) }));
  }
  return name;
}

async function ensureBalancer(
  { elb }: AwsClients,
  { loadBalancer: { name: Name }, tags }: FleetDefinition,
  subnets: string[],
  poll: Poll,
): Promise<LoadBalancer> {
  const read = async () => (await elb.send(new DescribeLoadBalancersCommand({ Names: [Name] }))).LoadBalancers?.[0];
  const existing = await read().catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!existing) {
    await elb.send(new CreateLoadBalancerCommand({ Name, Subnets: subnets, Type: 'application', Tags: toTags(tags) }));
  }
  const active = await poll({
    what: `load balancer ${Name} to become active`,
    read,
    until: (balancer) => balancer?.State?.Code === 'active',
    explain: (balancer) => ({
      causes: [
        `${Name} is ${balancer?.State?.Code ?? 'not there'}${balancer?.State?.Reason ? `: ${balancer.State.Reason}` : ''}`,
      ],
    }),
    everyMs: 100,
    timeoutMs: 300_000,
  });
  return active as LoadBalancer;
}

async function ensureTargetGroup(
  { elb }: AwsClients,
  { tags }: FleetDefinition,
  { name: Name, port: Port, healthCheck: check, attributes }: TargetGroupDefinition,
  VpcId?: string,
): Promise<string> {
  try {
    const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ Names: [Name] }));
    if (TargetGroups?.[0]?.TargetGroupArn) return TargetGroups[0].TargetGroupArn;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({
      Name,
      VpcId,
      Protocol: 'HTTP',
      Port,
      TargetType: 'instance',
      HealthCheckPath: check.path,
      HealthCheckIntervalSeconds: check.intervalSeconds,
      HealthCheckTimeoutSeconds: check.timeoutSeconds,
      HealthyThresholdCount: check.healthyThreshold,
      UnhealthyThresholdCount: check.unhealthyThreshold,
      Tags: toTags(tags),
    }),
  );
  const arn = TargetGroups?.[0]?.TargetGroupArn ?? '';
  await elb.send(
    new ModifyTargetGroupAttributesCommand({
      TargetGroupArn: arn,
      Attributes: Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })),
    }),
  );
  return arn;
}

/** The fleet's listener and its proof rule. A listener that leads to the fleet on another port stays for `configure` to move. */
async function ensureListener(
  { elb }: AwsClients,
  { loadBalancer: { port }, targetGroups, proofRule }: FleetDefinition,
  LoadBalancerArn: string,
  arns: Map<string, string>,
): Promise<void> {
  const own = new Set(arns.values());
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const routes = new Map(
    await Promise.all(
      Listeners.map(async ({ ListenerArn = '' }) => [ListenerArn, await readRoutes(elb, ListenerArn)] as const),
    ),
  );
  const leading = Listeners.filter(({ ListenerArn = '' }) =>
    routes.get(ListenerArn)?.some(({ weights }) => weights.some((one) => own.has(one.targetGroupArn))),
  );
  const found = leading.find((one) => one.Port === port) ?? leading[0];
  // One that leads elsewhere is somebody's own.
  if (!found && Listeners.some((one) => one.Port === port)) return;
  // The first colour has the traffic; the other is there with weight 0, so that its health is checked.
  const serving = targetGroups
    .filter((one) => one.role === 'serving')
    .map((one, index) => ({ TargetGroupArn: arns.get(one.name), Weight: index === 0 ? 100 : 0 }));
  const listener =
    found?.ListenerArn ??
    (
      await elb.send(
        new CreateListenerCommand({
          LoadBalancerArn,
          Protocol: 'HTTP',
          Port: port,
          DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: serving } }],
        }),
      )
    ).Listeners?.[0]?.ListenerArn;
  if (routes.get(listener ?? '')?.some(({ kind, header }) => kind === 'rule' && header?.values.includes('on'))) return;
  await elb.send(
    new CreateRuleCommand({
      ListenerArn: listener,
      Priority: proofRule.priority,
      Conditions: [headerIs(proofRule.header)],
      Actions: [{ Type: 'forward', TargetGroupArn: arns.get(proofRule.targetGroup) }],
    }),
  );
}

async function ensureGroup(
  { autoScaling }: AwsClients,
  { tags }: FleetDefinition,
  group: GroupDefinition,
  { templateId, targetGroup, subnets }: { templateId: string; targetGroup: string; subnets: string[] },
  ownTags: Record<string, string>,
): Promise<void> {
  const { AutoScalingGroups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group.name] }),
  );
  const found = AutoScalingGroups?.[0];
  if (found) {
    if (found.TargetGroupARNs?.includes(targetGroup)) return;
    // Its target group was made anew, see `removeTargetGroups`.
    const attach = { AutoScalingGroupName: group.name, TargetGroupARNs: [targetGroup] };
    await autoScaling.send(new AttachLoadBalancerTargetGroupsCommand(attach));
    return;
  }
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: group.name,
      LaunchTemplate: { LaunchTemplateId: templateId, Version: '$Default' },
      MinSize: group.min,
      MaxSize: group.max,
      TargetGroupARNs: [targetGroup],
      VPCZoneIdentifier: subnets.join(','),
      HealthCheckType: 'ELB',
      HealthCheckGracePeriod: group.healthCheckGraceSeconds,
      DefaultInstanceWarmup: group.defaultWarmupSeconds,
      Tags: [
        ...toTags(tags).map((tag) => ({ ...tag, PropagateAtLaunch: true })),
        ...toTags(ownTags).map((tag) => ({ ...tag, PropagateAtLaunch: false })),
      ],
    }),
  );
}
