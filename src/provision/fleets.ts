import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  AttachLoadBalancerTargetGroupsCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeKeyPairsCommand, DescribeSubnetsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { execa } from 'execa';
import { type AwsClients, type AwsTarget, createClients, endpointTarget } from '../aws/clients.ts';
import { isNotFound } from '../aws/errors.ts';
import { defineFleet, type FleetDefinition, type GroupDefinition } from '../aws/fleet-definition.ts';
import { resolveBaseImage } from '../aws/images.ts';
import { toTags } from '../aws/tags.ts';
import { ledgerClientOptions } from '../composition/ledger.ts';
import type { Fleet } from '../config/settings.ts';
import { createPoll, type Poll } from '../engine/poll.ts';
import { appliedTags, valuesOfFile } from '../fleet/configuration/settings.ts';
import { ensureBalancer, ensureListener, ensureTargetGroup, urlOf } from './balancer.ts';
import { ensureSecurityGroup, ensureTemplate } from './launch-template.ts';
import { localEnvironments } from './local-environments.ts';
import { ensureInstanceProfile } from './role.ts';

/** Creates every missing fleet of the local environments in the local cloud. `configure` changes existing ones. */
export async function provisionFleets(options: {
  projectDir: string;
  cloud: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string };
  note: (message: string) => void;
  /** Only these fleets; by default those of the project. */
  fleets?: readonly Fleet[];
  /** Existing clients of the cloud. */
  clients?: AwsClients;
  /** The poller; by default on the system clock. */
  poll?: Poll;
  /** Called for each existing fleet. `make` creates its missing resources. */
  configure?: (fleet: Fleet, make: () => Promise<void>) => Promise<void>;
}): Promise<{ app: string; url: string }[]> {
  const { endpoint, region, accessKeyId, secretAccessKey } = options.cloud;
  const { poll = createPoll(systemClock()) } = options;
  const target = endpointTarget({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
  const clients = options.clients ?? createClients(target);
  const iam = clients.iam ?? (await iamClient(target));
  const made: { app: string; url: string }[] = [];
  for (const fleet of options.fleets ?? (await localEnvironments(options.projectDir))) {
    await ensureLedgerBucket(fleet, target);
    const make = async () => void (await provision({ ...clients, iam }, fleet, poll));
    await make();
    options.note(`fleet ${fleet.names.group} is there`);
    await options.configure?.(fleet, make);
    made.push({ app: fleet.app, url: await urlOf(clients, fleet) });
  }
  return made;
}

/** IAM is global, and its calls are signed for one region. */
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
  // The same definition that the infrastructure app uses for CloudFormation.
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
    // The values of a new fleet are recorded as applied.
    await ensureGroup(clients, definition, group, place, index === 0 ? appliedTags(valuesOfFile(fleet)) : {});
  }
}

/** The bucket of a ledger on S3, versioned like that of the infrastructure app. */
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

/** The SSH key of the local machines, created on first use; the private key never leaves its file. */
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
    // Its target group was created again, see `removeTargetGroups`.
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
