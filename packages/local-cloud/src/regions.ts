import { derivedId } from './ids.ts';
import { account } from './settings.ts';

/** One region with its default network: a VPC with a subnet in each zone. network.ts tells what there is of it, and what was made. */
export interface Region {
  readonly name: string;
  readonly vpcId: string;
  readonly defaultSecurityGroupId: string;
  /** The image that the account starts with in this region. */
  readonly baseImageId: string;
  readonly zones: readonly [string, ...string[]];
  /** Zone id of each zone, e.g. `euw1-az1`. */
  readonly zoneIds: Readonly<Record<string, string>>;
  /** Subnet of each zone. */
  readonly subnets: Readonly<Record<string, string>>;
}

/**
 * The regions that every AWS account has without opting in: name, abbreviation in zone ids, and letters of the zones that a
 * new account is shown.
 */
const known: readonly [name: string, short: string, zones: string][] = [
  ['ap-northeast-1', 'apne1', 'acd'],
  ['ap-northeast-2', 'apne2', 'abcd'],
  ['ap-northeast-3', 'apne3', 'abc'],
  ['ap-south-1', 'aps1', 'abc'],
  ['ap-southeast-1', 'apse1', 'abc'],
  ['ap-southeast-2', 'apse2', 'abc'],
  ['ca-central-1', 'cac1', 'abd'],
  ['eu-central-1', 'euc1', 'abc'],
  ['eu-north-1', 'eun1', 'abc'],
  ['eu-west-1', 'euw1', 'abc'],
  ['eu-west-2', 'euw2', 'abc'],
  ['eu-west-3', 'euw3', 'abc'],
  ['sa-east-1', 'sae1', 'abc'],
  ['us-east-1', 'use1', 'abcdef'],
  ['us-east-2', 'use2', 'abc'],
  ['us-west-1', 'usw1', 'ac'],
  ['us-west-2', 'usw2', 'abcd'],
];

/** Names of all regions that callers may sign for. */
export const regionNames: readonly string[] = known.map(([name]) => name);

/** Regions that an account opts in to: they can be listed, and nobody can sign for them here. */
export const optInRegionNames: readonly string[] = `
  af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
  ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1
`
  .trim()
  .split(/\s+/);

const regions = new Map(known.map(([name, short, letters]) => [name, makeRegion(name, short, letters)]));

/** A region by name; undefined for a name that is not a region here. */
export function findRegion(name: string): Region | undefined {
  return regions.get(name);
}

/** The region that the local cloud names as its own, and that its daemon starts with. */
export const homeRegion: Region = regions.get(account.region) ?? makeRegion(account.region, 'euw1', 'abc');

/** Ids follow from the region's name, so they are the same on every machine; those of the home region are fixed in the settings. */
function makeRegion(name: string, short: string, letters: string): Region {
  const zones = [...letters].map((letter) => name + letter) as [string, ...string[]];
  const zoneIds = Object.fromEntries(zones.map((zone, index) => [zone, `${short}-az${index + 1}`]));
  if (name === account.region) {
    const { vpcId, defaultSecurityGroupId, baseImageId, subnets } = account;
    return { name, vpcId, defaultSecurityGroupId, baseImageId, zones, zoneIds, subnets };
  }
  return {
    name,
    vpcId: derivedId('vpc', name),
    defaultSecurityGroupId: derivedId('sg', name),
    baseImageId: derivedId('ami', name),
    zones,
    zoneIds,
    subnets: Object.fromEntries(zones.map((zone) => [zone, derivedId('subnet', zone)])),
  };
}

/** The zones of all regions, those of the home region first. */
export const zoneNames: readonly string[] = [
  ...new Set([homeRegion, ...regions.values()].flatMap(({ zones }) => zones)),
];

/** The zone of a region's default subnet; undefined for every other one (network.ts knows them all). */
export function zoneOfDefaultSubnet(region: Region, subnetId: string): string | undefined {
  return region.zones.find((zone) => region.subnets[zone] === subnetId);
}
