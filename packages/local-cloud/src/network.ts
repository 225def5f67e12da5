import type { CloudContext } from './context.ts';
import { zoneOfDefaultSubnet } from './regions.ts';

/** What tells a region's networks: the default one of the region, and the records of those that were made. */
export type NetworkContext = Pick<CloudContext, 'region' | 'state'>;

export interface Vpc {
  id: string;
  cidr: string;
  isDefault: boolean;
  /** The group that machines are in which name none. */
  defaultSecurityGroupId: string;
}

export interface Subnet {
  id: string;
  vpcId: string;
  zone: string;
  cidr: string;
  /** The one of its zone that a launch without a subnet takes. */
  isDefault: boolean;
}

/** The default network's block: addresses of machines are loopback ones. */
const defaultBlock = '127.0.0.0/8';

/** The default VPC, unless it was deleted, and those that were made. */
export function vpcsOf({ region, state }: NetworkContext): Vpc[] {
  const { vpcId: id, defaultSecurityGroupId } = region;
  const fixed = { id, cidr: defaultBlock, isDefault: true, defaultSecurityGroupId };
  const made = Object.entries(state.vpcs ?? {}).map(([key, vpc]) => ({ id: key, ...vpc, isDefault: false }));
  return [...(isDeleted(state, id) ? [] : [fixed]), ...made];
}

/** Those of all VPCs; the default ones first, in the order of their zones. */
export function subnetsOf({ region, state }: NetworkContext): Subnet[] {
  const fixed = region.zones.map((zone) => {
    const id = region.subnets[zone] ?? '';
    return { id, vpcId: region.vpcId, zone, cidr: defaultBlock, isDefault: true };
  });
  const made = Object.entries(state.subnets ?? {}).map(([id, subnet]) => ({ id, ...subnet, isDefault: false }));
  return [...fixed.filter(({ id }) => !isDeleted(state, id)), ...made];
}

export function findVpc(network: NetworkContext, id: string): Vpc | undefined {
  return vpcsOf(network).find((one) => one.id === id);
}

/** The VPC of launches that name no subnet; undefined once it was deleted. */
export function defaultVpc(network: NetworkContext): Vpc | undefined {
  return findVpc(network, network.region.vpcId);
}

export function findSubnet({ region, state }: NetworkContext, id: string): Subnet | undefined {
  // Launches and placement ask for each machine: no list is made for it.
  const zone = zoneOfDefaultSubnet(region, id);
  if (zone !== undefined && !isDeleted(state, id)) {
    return { id, vpcId: region.vpcId, zone, cidr: defaultBlock, isDefault: true };
  }
  const made = state.subnets?.[id];
  return made && { id, ...made, isDefault: false };
}

function isDeleted(state: NetworkContext['state'], id: string): boolean {
  return state.deletedDefaults?.includes(id) ?? false;
}
