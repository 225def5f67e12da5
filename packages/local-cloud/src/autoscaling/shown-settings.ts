import type {
  AutoScalingGroup,
  CreateAutoScalingGroupType,
  UpdateAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../model.ts';
import { validationError } from './errors.ts';

/** Settings that are kept in the SDK's shape. */
type Shown = Pick<
  AutoScalingGroup,
  | 'AvailabilityZoneDistribution'
  | 'AvailabilityZoneImpairmentPolicy'
  | 'CapacityRebalance'
  | 'CapacityReservationSpecification'
  | 'Context'
  | 'DeletionProtection'
  | 'DesiredCapacityType'
  | 'InstanceLifecyclePolicy'
  | 'ServiceLinkedRoleARN'
>;

const defaults: Shown = {
  AvailabilityZoneDistribution: { CapacityDistributionStrategy: 'balanced-best-effort' },
  AvailabilityZoneImpairmentPolicy: {
    ZonalShiftEnabled: false,
    ImpairedZoneHealthCheckBehavior: 'IgnoreUnhealthy',
  },
  CapacityRebalance: false,
  CapacityReservationSpecification: { CapacityReservationPreference: 'default' },
  DeletionProtection: 'none',
};

/** Values that AWS knows and, of those, the ones that mean something here; the others are refused rather than ignored. */
const choices: { name: string; of: (s: Shown) => string | undefined; known: string[]; here: string[] }[] = [
  {
    name: 'CapacityDistributionStrategy',
    of: (s) => s.AvailabilityZoneDistribution?.CapacityDistributionStrategy,
    known: ['balanced-only', 'balanced-best-effort'],
    here: ['balanced-only', 'balanced-best-effort'],
  },
  {
    name: 'ImpairedZoneHealthCheckBehavior',
    of: (s) => s.AvailabilityZoneImpairmentPolicy?.ImpairedZoneHealthCheckBehavior,
    known: ['IgnoreUnhealthy', 'ReplaceUnhealthy'],
    here: ['IgnoreUnhealthy', 'ReplaceUnhealthy'],
  },
  {
    name: 'CapacityReservationPreference',
    of: (s) => s.CapacityReservationSpecification?.CapacityReservationPreference,
    known: ['capacity-reservations-only', 'capacity-reservations-first', 'none', 'default'],
    here: ['none', 'default'],
  },
  {
    name: 'DeletionProtection',
    of: (s) => s.DeletionProtection,
    known: ['none', 'prevent-force-deletion', 'prevent-all-deletion'],
    here: ['none', 'prevent-force-deletion', 'prevent-all-deletion'],
  },
  {
    name: 'DesiredCapacityType',
    of: (s) => s.DesiredCapacityType,
    known: ['units', 'vcpu', 'memory-mib'],
    here: ['units'],
  },
  {
    name: 'TerminateHookAbandon',
    of: (s) => s.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon,
    known: ['retain', 'terminate'],
    here: ['terminate'],
  },
];

/**
 * What a request says of these settings.
 * @throws CloudError for a value that AWS does not know, or that this cloud cannot do
 */
export function readShown(request: CreateAutoScalingGroupType | UpdateAutoScalingGroupType): Record<string, unknown> {
  const given: Shown = {
    AvailabilityZoneDistribution: request.AvailabilityZoneDistribution,
    AvailabilityZoneImpairmentPolicy: request.AvailabilityZoneImpairmentPolicy,
    CapacityRebalance: request.CapacityRebalance,
    CapacityReservationSpecification: request.CapacityReservationSpecification,
    Context: request.Context || undefined,
    DeletionProtection: request.DeletionProtection || undefined,
    DesiredCapacityType: request.DesiredCapacityType || undefined,
    InstanceLifecyclePolicy: request.InstanceLifecyclePolicy,
    ServiceLinkedRoleARN: request.ServiceLinkedRoleARN || undefined,
  };
  for (const { name, of, known, here } of choices) {
    const value = of(given);
    if (value === undefined || here.includes(value)) continue;
    if (!known.includes(value)) throw validationError(`Invalid ${name}: ${value}. Use one of ${known.join(', ')}.`);
    throw validationError(`${name} ${value} is not supported by this cloud; use ${here.join(' or ')}.`);
  }
  if (request.MaxInstanceLifetime) {
    throw validationError(
      'MaxInstanceLifetime is not supported by this cloud: instances are not replaced for their age.',
    );
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** These settings of a group, with AWS's defaults. */
export function shownSettings(group: GroupRecord): Shown {
  return { ...defaults, ...group.shown };
}

/** Zones without room keep their share: nothing is launched for it elsewhere. */
export function isBalancedOnly(group: GroupRecord): boolean {
  return shownSettings(group).AvailabilityZoneDistribution?.CapacityDistributionStrategy === 'balanced-only';
}

/** @throws CloudError for a group that is protected from this way of deleting it */
export function refuseProtected(group: GroupRecord, force: boolean): void {
  const level = shownSettings(group).DeletionProtection;
  if (level !== 'prevent-all-deletion' && !(force && level === 'prevent-force-deletion')) return;
  throw validationError(
    `The Auto Scaling group ${group.name} cannot be deleted${force ? ' by force' : ''}: its DeletionProtection is ${level}.`,
  );
}
