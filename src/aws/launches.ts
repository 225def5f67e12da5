import {
  type EC2Client,
  type LaunchTemplateInstanceNetworkInterfaceSpecification,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import type { Group } from './groups.ts';
import type { TemplateVersion } from './launch-templates.ts';
import { toTags } from './tags.ts';

/**
 * Where a machine is launched that no Auto Scaling group launches. The template does not say it: its security groups belong to one
 * VPC, and a launch that names no subnet is for the account's default one.
 */
export interface LaunchNetwork {
  subnetId?: string;
  /** Further subnets, for when that one's zone has no room; absent when there are none. */
  others?: string[];
  /** Interfaces of the template, in whose place the request must then name its subnet. */
  interfaces?: LaunchTemplateInstanceNetworkInterfaceSpecification[];
}

/** What to launch. The same request must be sent when it is repeated with its token. */
export interface LaunchRequest {
  template: { id: string; version: string };
  /** Instead of the template's own. */
  imageId?: string;
  /** Of a fleet: {@link networkOf}. Without it in the default network. */
  network?: LaunchNetwork;
  tags: Record<string, string>;
}

/**
 * The network of a group's machines: its first subnet, and the others where nothing binds a machine to the zone of one, for the interfaces
 * of its template where that has some.
 */
export function networkOf(group: Group, template: TemplateVersion): LaunchNetwork {
  const [subnetId, ...others] = group.subnetIds;
  // A group made with zones only launches in the default subnets, as a request without a subnet does.
  if (subnetId === undefined) return {};
  const { interfaces } = template;
  return {
    subnetId,
    ...(others.length > 0 && !interfaces.some(hasItsPlace) && { others }),
    ...(interfaces.length > 0 && { interfaces }),
  };
}

/** Launches one machine from a template version, with another image if given. A repetition with the same token launches nothing new. */
export async function launchMachine(ec2: EC2Client, request: LaunchRequest & { token: string }): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({ ...runInstances(request), ClientToken: request.token }),
  );
  return Instances?.[0]?.InstanceId ?? '';
}

/**
 * Asks whether a launch would be allowed, without making it.
 * @throws always: an error of code `DryRunOperation` when it would be, else what it would be refused with
 */
export async function tryLaunch(ec2: EC2Client, request: LaunchRequest): Promise<void> {
  await ec2.send(new RunInstancesCommand({ ...runInstances(request), DryRun: true }));
}

function runInstances({ template, imageId, network = {}, tags }: LaunchRequest): RunInstancesCommandInput {
  return {
    MinCount: 1,
    MaxCount: 1,
    LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version },
    ImageId: imageId,
    ...placed(network),
    TagSpecifications: [{ ResourceType: 'instance', Tags: toTags(tags) }],
  };
}

/**
 * EC2 refuses a subnet beside network interfaces, whether those are of the request or of the template. So the template's are sent
 * whole, with their subnet: that is the same whether EC2 merges them with the template's or takes them instead.
 */
function placed({
  subnetId,
  interfaces,
}: LaunchNetwork): Pick<RunInstancesCommandInput, 'SubnetId' | 'NetworkInterfaces'> {
  if (subnetId === undefined) return {};
  if (!interfaces) return { SubnetId: subnetId };
  return {
    NetworkInterfaces: interfaces.map((one) => (hasItsPlace(one) ? one : { ...one, SubnetId: subnetId })),
  };
}

/** An interface that exists has its subnet; further ones may be in others of the same zone. */
function hasItsPlace(one: LaunchTemplateInstanceNetworkInterfaceSpecification): boolean {
  return one.NetworkInterfaceId !== undefined || Boolean(one.DeviceIndex && one.SubnetId);
}
