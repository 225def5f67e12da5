import type { RequestLaunchTemplateData, RunInstancesRequest } from '@aws-sdk/client-ec2';
import { defaultVpc, findSubnet, findVpc, type NetworkContext, type Subnet, subnetsOf } from '../../network.ts';
import { CloudError } from '../../wire/handler.ts';
import { invalidCombination, invalidValue } from '../errors.ts';
import { checkGroupId } from '../security-group-rules.ts';

type LaunchData = RequestLaunchTemplateData & RunInstancesRequest;

/** Where a launch goes, and who may reach it there. */
export interface LaunchNetwork {
  availabilityZone: string;
  subnetId: string;
  vpcId: string;
  securityGroupIds: string[];
}

/**
 * Decides subnet and security groups of a launch. Subnets belong to a VPC and security groups as well: what a template says of
 * groups and a request of subnets must fit together.
 * @param data the request over its template
 * @throws CloudError as RunInstances refuses
 */
export function launchNetwork(network: NetworkContext, data: LaunchData): LaunchNetwork {
  checkInterfaces(data);
  const subnet = chooseSubnet(network, data);
  const { id: subnetId, zone: availabilityZone, vpcId } = subnet;
  return { availabilityZone, subnetId, vpcId, securityGroupIds: securityGroups(network, data, subnet) };
}

/**
 * A template's network interfaces with their subnet, as Auto Scaling launches from it; undefined for a template without them.
 */
export function interfacesIn(
  subnetId: string,
  { NetworkInterfaces: interfaces }: RequestLaunchTemplateData,
): RunInstancesRequest['NetworkInterfaces'] {
  if (!interfaces?.length) return undefined;
  return interfaces.map((one) => (one.DeviceIndex ? one : { ...one, SubnetId: subnetId }));
}

/** Beside interfaces there is neither a subnet nor a security group, whether template or request says them. */
function checkInterfaces(data: LaunchData): void {
  if (!data.NetworkInterfaces?.length) return;
  if (data.SubnetId) throw besideInterfaces('subnet ID');
  if (data.SecurityGroupIds?.length || data.SecurityGroups?.length) throw besideInterfaces('security groups');
}

function besideInterfaces(what: string): CloudError {
  return invalidCombination(
    `Network interfaces and an instance-level ${what} may not be specified on the same request`,
  );
}

function chooseSubnet(network: NetworkContext, data: LaunchData): Subnet {
  const { region } = network;
  const zoneId = data.Placement?.AvailabilityZoneId || undefined;
  const byId = zoneId && region.zones.find((zone) => region.zoneIds[zone] === zoneId);
  if (zoneId && !byId) throw invalidValue(`Invalid availability zone-id: [${zoneId}]`);
  const asked = data.Placement?.AvailabilityZone || byId || undefined;
  if (byId && asked !== byId) throw invalidCombination(`The zone '${asked}' is not '${zoneId}'`);
  if (asked && !region.zones.includes(asked)) throw invalidValue(`Invalid availability zone: [${asked}]`);
  const id = data.SubnetId || data.NetworkInterfaces?.[0]?.SubnetId;
  if (!id) return defaultSubnet(network, asked);
  const subnet = findSubnet(network, id);
  if (!subnet) throw new CloudError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
  if (asked && asked !== subnet.zone) {
    throw invalidValue(`The availability zone '${asked}' does not match that of subnet '${id}'`);
  }
  return subnet;
}

function defaultSubnet(network: NetworkContext, zone: string | undefined): Subnet {
  const vpc = defaultVpc(network);
  if (!vpc) throw new CloudError('VPCIdNotSpecified', 'No default VPC for this user');
  const defaults = subnetsOf(network).filter((one) => one.isDefault);
  const subnet = zone ? defaults.find((one) => one.zone === zone) : defaults[0];
  if (subnet) return subnet;
  throw new CloudError(
    'MissingInput',
    defaults.length === 0
      ? `No subnets found for the default VPC '${vpc.id}'. Please specify a subnet.`
      : `No default subnet for availability zone: '${zone}'.`,
  );
}

function securityGroups(network: NetworkContext, data: LaunchData, subnet: Subnet): string[] {
  const { securityGroups: known } = network.state;
  if (data.SubnetId && data.SecurityGroups?.length)
    throw invalidCombination('The parameter groupName cannot be used with the parameter subnet');
  const byId = [...(data.SecurityGroupIds ?? []), ...(data.NetworkInterfaces?.[0]?.Groups ?? [])];
  for (const id of byId) {
    const group = known[checkGroupId(id)];
    if (!group) throw new CloudError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
    if (group.vpcId !== subnet.vpcId)
      throw new CloudError(
        'InvalidParameter',
        `Security group ${id} and subnet ${subnet.id} belong to different networks.`,
      );
  }
  const named = (data.SecurityGroups ?? []).map((name) => {
    const found = Object.values(known).find((group) => group.name === name && group.vpcId === subnet.vpcId);
    if (!found) throw new CloudError('InvalidGroup.NotFound', `The security group '${name}' does not exist`);
    return found.id;
  });
  const all = [...new Set([...byId, ...named])];
  return all.length > 0 ? all : [findVpc(network, subnet.vpcId)?.defaultSecurityGroupId ?? ''];
}
