import type {
  CreateSubnetRequest,
  CreateSubnetResult,
  CreateVpcRequest,
  CreateVpcResult,
  DeleteSubnetRequest,
  DeleteVpcRequest,
} from '@aws-sdk/client-ec2';
import { type Block, contains, overlap, readBlock, showBlock } from '@golden-pipeline/shared/cidr';
import type { CloudContext } from '../context.ts';
import { newId } from '../ids.ts';
import type { Tags } from '../model.ts';
import { findSubnet, subnetsOf } from '../network.ts';
import type { Region } from '../regions.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { doNotExist, invalidValue, required, unsupported } from './errors.ts';
import { requireVpc, toSubnet, toVpc } from './network.ts';
import { addDefaultGroup } from './security-groups.ts';
import { tagsFor } from './tag-shapes.ts';

/** What makes and deletes VPCs and subnets. They route nothing; what belongs to which is kept and checked. */
export function vpcHandlers(context: CloudContext): HandlerTable {
  const { state, region } = context;
  const setTags = (id: string, tags: Tags) => {
    state.networkTags = { ...state.networkTags, [id]: tags };
  };
  /** Those of the default network have no records of their own. */
  const forget = (id: string, isDefault: boolean) => {
    if (isDefault) state.deletedDefaults = [...(state.deletedDefaults ?? []), id];
    delete state.vpcs?.[id];
    delete state.subnets?.[id];
    delete state.networkTags?.[id];
    delete state.vpcAttributes?.[id];
    context.changed();
  };

  return {
    CreateVpc: (input: CreateVpcRequest): CreateVpcResult => {
      const cidr = required(input.CidrBlock, 'cidrBlock');
      const block = checkSize(readBlock(cidr), cidr, 'InvalidVpc.Range');
      if (input.InstanceTenancy && input.InstanceTenancy !== 'default')
        throw invalidValue(`InstanceTenancy '${input.InstanceTenancy}' is not supported by this cloud`);
      refuse(input, [
        ...['AmazonProvidedIpv6CidrBlock', 'Ipv6CidrBlock', 'Ipv6Pool', 'Ipv6CidrBlockNetworkBorderGroup'],
        ...['Ipv4IpamPoolId', 'Ipv4NetmaskLength', 'Ipv6IpamPoolId', 'Ipv6NetmaskLength', 'VpcEncryptionControl'],
      ]);
      const tags = tagsFor(input.TagSpecifications, 'vpc', ['vpc']);
      const id = newId('vpc');
      const defaultSecurityGroupId = newId('sg');
      state.vpcs = { ...state.vpcs, [id]: { cidr: showBlock(block), defaultSecurityGroupId } };
      setTags(id, tags);
      addDefaultGroup(context, { id, defaultSecurityGroupId });
      context.changed();
      return { Vpc: toVpc(context, { id, cidr: showBlock(block), isDefault: false, defaultSecurityGroupId }) };
    },

    DeleteVpc: (input: DeleteVpcRequest): void => {
      const id = required(input.VpcId, 'vpcId');
      const vpc = requireVpc(context, id);
      const groups = Object.values(state.securityGroups).filter((one) => one.vpcId === id);
      const held =
        subnetsOf(context).some((one) => one.vpcId === id) ||
        groups.some((one) => one.id !== vpc.defaultSecurityGroupId);
      if (held) throw new CloudError('DependencyViolation', `The vpc '${id}' has dependencies and cannot be deleted.`);
      delete state.securityGroups[vpc.defaultSecurityGroupId];
      forget(id, vpc.isDefault);
    },

    CreateSubnet: (input: CreateSubnetRequest): CreateSubnetResult => {
      const vpcId = required(input.VpcId, 'vpcId');
      const cidr = required(input.CidrBlock, 'cidrBlock');
      refuse(input, [
        ...['Ipv6CidrBlock', 'Ipv6Native', 'OutpostArn', 'Ipv4IpamPoolId', 'Ipv4NetmaskLength'],
        ...['Ipv6IpamPoolId', 'Ipv6NetmaskLength'],
      ]);
      const vpc = requireVpc(context, vpcId);
      const zone = readZone(region, input);
      const block = checkSize(readBlock(cidr), cidr, 'InvalidSubnet.Range');
      if (!contains(readBlock(vpc.cidr) ?? block, block))
        throw new CloudError('InvalidSubnet.Range', `The CIDR '${cidr}' is invalid.`);
      for (const other of subnetsOf(context)) {
        const taken = other.vpcId === vpcId ? readBlock(other.cidr) : undefined;
        if (taken && overlap(taken, block))
          throw new CloudError('InvalidSubnet.Conflict', `The CIDR '${cidr}' conflicts with another subnet`);
      }
      const tags = tagsFor(input.TagSpecifications, 'subnet', ['subnet']);
      const id = newId('subnet');
      const record = { vpcId, zone, cidr: showBlock(block) };
      state.subnets = { ...state.subnets, [id]: record };
      setTags(id, tags);
      context.changed();
      return { Subnet: toSubnet(context, { id, ...record, isDefault: false }) };
    },

    DeleteSubnet: (input: DeleteSubnetRequest): void => {
      const id = required(input.SubnetId, 'subnetId');
      const subnet = findSubnet(context, id);
      if (!subnet) throw new CloudError('InvalidSubnetID.NotFound', doNotExist('subnet', [id]));
      const held =
        Object.values(state.instances).some((one) => one.subnetId === id && one.state !== 'terminated') ||
        Object.values(state.loadBalancers).some((one) => one.subnetIds.includes(id));
      if (held)
        throw new CloudError('DependencyViolation', `The subnet '${id}' has dependencies and cannot be deleted.`);
      forget(id, subnet.isDefault);
    },
  };
}

/** Networks here are of IPv4 blocks that the caller names. */
function refuse(input: object, unserved: string[]): void {
  const name = unserved.find((one) => (input as Record<string, unknown>)[one]);
  if (name) throw unsupported(`${name} is not supported by this cloud: leave it out`);
}

/** By name or by id; AWS chooses where none is named, which here is the first. */
function readZone(region: Region, { AvailabilityZone: name, AvailabilityZoneId: id }: CreateSubnetRequest): string {
  const zone = name || (id ? region.zones.find((one) => region.zoneIds[one] === id) : region.zones[0]);
  if (zone && region.zones.includes(zone)) return zone;
  throw invalidValue(
    `Value (${name || id}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${region.zones.join(', ')}.`,
  );
}

/** @throws CloudError of that code for what is not a block of /16 to /28 */
function checkSize(block: Block | undefined, text: string, code: string): Block {
  if (!block) throw invalidValue(`Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  if (block.size > 2 ** 16 || block.size < 2 ** 4) throw new CloudError(code, `The CIDR '${text}' is invalid.`);
  return block;
}
