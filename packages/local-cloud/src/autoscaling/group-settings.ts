import type {
  CreateAutoScalingGroupType,
  InstanceMaintenancePolicy,
  LaunchTemplateSpecification,
  UpdateAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling';
import { messageOf } from '@golden-pipeline/shared/errors';
import type { GroupRecord } from '../model.ts';
import { defaultVpc, findSubnet, type NetworkContext } from '../network.ts';
import type { Region } from '../regions.ts';
import { validationError } from './errors.ts';
import type { Runtime } from './runtime.ts';
import { terminationPolicyNames } from './termination-policy.ts';

type Request = CreateAutoScalingGroupType | UpdateAutoScalingGroupType;

const unsupported = ['LaunchConfigurationName', 'InstanceId', 'LoadBalancerNames', 'PlacementGroup'] as const;

/** Refuses what this cloud has not got, rather than doing something else silently. */
export function refuseUnsupported(request: Request): void {
  for (const name of unsupported) {
    const value = (request as Partial<Record<string, unknown>> & Request)[name];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    throw validationError(`${name} is not supported by this cloud; use a launch template and target groups.`);
  }
}

/** A launch template as the group names it: by id, with the version as given (`$Default` when none is). */
export function readTemplate(runtime: Runtime, given: LaunchTemplateSpecification): { id: string; version: string } {
  if (!given.LaunchTemplateId === !given.LaunchTemplateName) {
    throw validationError(
      'Valid requests must contain either launchTemplateId or launchTemplateName, and not both of them.',
    );
  }
  const version = given.Version || '$Default';
  try {
    const found = runtime.instances.resolveTemplate(
      { id: given.LaunchTemplateId || undefined, name: given.LaunchTemplateName || undefined },
      version,
    );
    return { id: found.id, version };
  } catch (error) {
    throw validationError(`You must use a valid fully-formed launch template. ${messageOf(error)}`);
  }
}

/** Zones and subnets; undefined when the request names neither. */
export function readPlaces(
  request: Request,
  network: NetworkContext,
): { availabilityZones: string[]; subnetIds: string[] } | undefined {
  const subnetIds = (request.VPCZoneIdentifier ?? '')
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '');
  const { region } = network;
  const zones = readZones(request, region);
  if (subnetIds.length === 0 && zones.length === 0) return undefined;
  const subnets = subnetIds.map((id) => {
    const subnet = findSubnet(network, id);
    if (!subnet) throw validationError(`The subnet ID '${id}' does not exist`);
    return subnet;
  });
  if (new Set(subnets.map(({ vpcId }) => vpcId)).size > 1) {
    throw validationError('The specified subnets belong to different VPCs');
  }
  if (subnetIds.length === 0 && !defaultVpc(network)) throw validationError('No default VPC for this user');
  for (const zone of zones) {
    if (!region.zones.includes(zone)) throw validationError(`Invalid availability zone: ${zone}`);
  }
  const fromSubnets = [...new Set(subnets.map(({ zone }) => zone))];
  if (subnetIds.length > 0 && zones.length > 0 && zones.some((z) => !fromSubnets.includes(z))) {
    throw validationError('The availability zones of the specified subnets and the Auto Scaling group do not match');
  }
  return { availabilityZones: (subnetIds.length > 0 ? fromSubnets : [...zones]).sort(), subnetIds };
}

/** By name or by id, but not both. */
function readZones(
  { AvailabilityZones: names = [], AvailabilityZoneIds: ids = [] }: Request,
  region: Region,
): string[] {
  if (names.length > 0 && ids.length > 0) {
    throw validationError('You cannot specify both AvailabilityZones and AvailabilityZoneIds in the same request.');
  }
  const known = new Map(Object.entries(region.zoneIds).map(([name, id]) => [id, name]));
  const wrong = ids.find((id) => !known.has(id));
  if (wrong) throw validationError(`Invalid availability zone ID: ${wrong}`);
  return [...new Set([...names, ...ids.map((id) => known.get(id) as string)])];
}

export function readHealthCheckType(given: string | undefined): GroupRecord['healthCheckType'] | undefined {
  if (!given) return undefined;
  const types = given.split(',').map((t) => t.trim());
  if (types.some((t) => t !== 'EC2' && t !== 'ELB')) throw validationError(`Invalid Health Check Type: ${given}`);
  return types.includes('ELB') ? 'ELB' : 'EC2';
}

export function checkSizes(minSize: number, maxSize: number): void {
  if (minSize < 0) throw validationError(`Min bound, ${minSize}, must be greater than or equal to 0`);
  if (minSize > maxSize)
    throw validationError(`Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}`);
}

export function checkDesired(desired: number, minSize: number, maxSize: number): void {
  if (desired >= minSize && desired <= maxSize) return;
  throw validationError(
    `Desired capacity:${desired} must be between the specified min size:${minSize} and max size:${maxSize}`,
  );
}

export function checkTargetGroups(runtime: Runtime, arns: string[]): void {
  for (const arn of arns) {
    if (!runtime.targets.exists(arn)) {
      throw validationError(
        `Provided Target Groups may not be valid. Please ensure they exist and try again. (${arn})`,
      );
    }
  }
}

/** Settings that create and update read alike; only those that the request names. */
export function readSettings(request: Request): Partial<GroupRecord> {
  const policies = request.TerminationPolicies ?? [];
  for (const policy of policies) {
    if (!terminationPolicyNames.includes(policy)) throw validationError(`Invalid termination policy: ${policy}`);
  }
  const grace = request.HealthCheckGracePeriod;
  if (grace !== undefined && grace < 0)
    throw validationError(`HealthCheckGracePeriod must not be negative, but is ${grace}.`);
  const cooldown = request.DefaultCooldown;
  if (cooldown !== undefined && cooldown < 0)
    throw validationError(`DefaultCooldown must not be negative, but is ${cooldown}.`);
  const settings: Partial<GroupRecord> = {
    healthCheckType: readHealthCheckType(request.HealthCheckType),
    healthCheckGracePeriodSeconds: grace,
    defaultCooldownSeconds: cooldown,
    newInstancesProtected: request.NewInstancesProtectedFromScaleIn,
    terminationPolicies: policies.length > 0 ? [...policies] : undefined,
  };
  const given: Partial<GroupRecord> = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  );
  // -1 takes these settings away again.
  const warmup = request.DefaultInstanceWarmup;
  if (warmup !== undefined) given.defaultInstanceWarmupSeconds = warmup < 0 ? undefined : warmup;
  const maintenance = request.InstanceMaintenancePolicy;
  if (maintenance) given.maintenancePolicy = readMaintenance(maintenance);
  return given;
}

/** Bounds as in InstanceMaintenancePolicy of the SDK's typings; -1 for both takes the policy away. */
function readMaintenance(given: InstanceMaintenancePolicy): GroupRecord['maintenancePolicy'] {
  const { MinHealthyPercentage: min, MaxHealthyPercentage: max } = given;
  if (min === undefined || max === undefined) {
    throw validationError('MinHealthyPercentage and MaxHealthyPercentage must be specified together.');
  }
  if (min === -1 && max === -1) return undefined;
  if (min < 0 || min > 100) throw validationError(`MinHealthyPercentage must be between 0 and 100, but is ${min}.`);
  if (max < 100 || max > 200) throw validationError(`MaxHealthyPercentage must be between 100 and 200, but is ${max}.`);
  if (max - min > 100) {
    throw validationError(
      'The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.',
    );
  }
  return { minHealthyPercentage: min, maxHealthyPercentage: max };
}
