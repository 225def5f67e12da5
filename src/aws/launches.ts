import {
  type EC2Client,
  type LaunchTemplateInstanceNetworkInterfaceSpecification,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import type { Group } from './groups.ts';
import { findLaunched } from './instances.ts';
import type { TemplateVersion } from './launch-templates.ts';
import { observed } from './observed.ts';
import { toTags } from './tags.ts';

/**
 * The network for an instance that no Auto Scaling group launches. The template has no subnet, and its security groups
 * belong to one VPC, while a launch without a subnet uses the account's default VPC.
 */
export interface LaunchNetwork {
  subnetId?: string;
  /** Further subnets, for when the zone of the first one has no capacity; absent when there are none. */
  others?: string[];
  /** Network interfaces of the template; the request must then set the subnet in them. */
  interfaces?: LaunchTemplateInstanceNetworkInterfaceSpecification[];
}

/** What to launch. A repeated request with the same token must be identical. */
export interface LaunchRequest {
  template: { id: string; version: string };
  /** Replaces the template's image. */
  imageId?: string;
  /** The network of a fleet, see {@link networkOf}; without it the default network. */
  network?: LaunchNetwork;
  tags: Record<string, string>;
}

/**
 * The network of a group's instances: its first subnet, the network interfaces of its template, and the other subnets
 * unless an interface is bound to one zone.
 */
export function networkOf(group: Group, template: TemplateVersion): LaunchNetwork {
  const [subnetId, ...others] = group.subnetIds;
  // A group created with zones only launches in the default subnets, like a request without a subnet.
  if (subnetId === undefined) return {};
  const { interfaces } = template;
  return {
    subnetId,
    ...(others.length > 0 && !interfaces.some(hasItsPlace) && { others }),
    ...(interfaces.length > 0 && { interfaces }),
  };
}

/**
 * Launches one instance from a template version, with another image if given. A repeated call with the same token
 * launches nothing new.
 */
export async function launchInstance(ec2: EC2Client, request: LaunchRequest & { token: string }): Promise<string> {
  const command = new RunInstancesCommand({ ...runInstances(request), ClientToken: request.token });
  return observed(
    async () => (await ec2.send(command)).Instances?.[0]?.InstanceId ?? '',
    async () => (await findLaunched(ec2, request.token))?.id,
  );
}

/**
 * Checks by a dry run whether a launch would be allowed.
 * @throws always: an error of code `DryRunOperation` when it would be allowed, else the error that it would be refused
 * with
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
 * EC2 refuses a subnet together with network interfaces, of the request or of the template. So the template's
 * interfaces are sent completely, with the subnet in them: the result is the same whether EC2 merges or replaces them.
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

/** An existing interface has its subnet; further interfaces may be in other subnets of the same zone. */
function hasItsPlace(one: LaunchTemplateInstanceNetworkInterfaceSpecification): boolean {
  return one.NetworkInterfaceId !== undefined || Boolean(one.DeviceIndex && one.SubnetId);
}
