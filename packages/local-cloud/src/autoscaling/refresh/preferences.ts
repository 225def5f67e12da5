import type { RefreshPreferences } from '@aws-sdk/client-auto-scaling';
import type { GroupRecord, RefreshRecord } from '../../model.ts';
import { constraintError, validationError } from '../errors.ts';

/** Defaults as in RefreshPreferences of the SDK's typings. */
const DEFAULT_MIN_HEALTHY_PERCENTAGE = 90;
const DEFAULT_MAX_HEALTHY_PERCENTAGE = 100;
const DEFAULT_CHECKPOINT_DELAY_SECONDS = 3600;
const MAX_BAKE_TIME_SECONDS = 172_800;
const MAX_ALARMS = 10;

const pathOf = (name: string) => `preferences.${name.charAt(0).toLowerCase()}${name.slice(1)}`;

function within(name: string, value: number, min: number, max: number): void {
  if (value < min) throw constraintError(pathOf(name), value, `have value greater than or equal to ${min}`);
  if (value > max) throw constraintError(pathOf(name), value, `have value less than or equal to ${max}`);
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  const known = allowed.find((a) => a === value);
  if (known === undefined) {
    throw constraintError(pathOf(name), value, `satisfy enum value set: [${allowed.join(', ')}]`);
  }
  return known;
}

/** Preferences with AWS's defaults filled in; refuses what AWS refuses. */
export function readPreferences(given: RefreshPreferences, group: GroupRecord): RefreshRecord['preferences'] {
  // The group's maintenance policy stands in for what the caller leaves out.
  const named = given.MinHealthyPercentage !== undefined || given.MaxHealthyPercentage !== undefined;
  const policy = named ? undefined : group.maintenancePolicy;
  const minHealthyPercentage =
    given.MinHealthyPercentage ?? policy?.minHealthyPercentage ?? DEFAULT_MIN_HEALTHY_PERCENTAGE;
  const maxHealthyPercentage =
    given.MaxHealthyPercentage ?? policy?.maxHealthyPercentage ?? DEFAULT_MAX_HEALTHY_PERCENTAGE;
  within('MinHealthyPercentage', minHealthyPercentage, 0, 100);
  within('MaxHealthyPercentage', maxHealthyPercentage, 100, 200);
  if (given.MaxHealthyPercentage !== undefined && given.MinHealthyPercentage === undefined) {
    throw validationError('You must specify MinHealthyPercentage when you specify MaxHealthyPercentage.');
  }
  if (given.MaxHealthyPercentage !== undefined && maxHealthyPercentage - minHealthyPercentage > 100) {
    throw validationError(
      'The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.',
    );
  }
  const checkpointPercentages = given.CheckpointPercentages ?? [];
  checkpointPercentages.forEach((percentage, n) => {
    within('CheckpointPercentages', percentage, 1, 100);
    if (n > 0 && percentage <= (checkpointPercentages[n - 1] ?? 0)) {
      throw validationError('CheckpointPercentages must be in ascending order and unique.');
    }
  });
  if (given.CheckpointDelay !== undefined && checkpointPercentages.length === 0) {
    throw validationError('CheckpointDelay cannot be specified without CheckpointPercentages.');
  }
  const checkpointDelaySeconds = given.CheckpointDelay ?? DEFAULT_CHECKPOINT_DELAY_SECONDS;
  within('CheckpointDelay', checkpointDelaySeconds, 0, 172_800);
  within('BakeTime', given.BakeTime ?? 0, 0, MAX_BAKE_TIME_SECONDS);
  const instanceWarmupSeconds =
    given.InstanceWarmup ?? group.defaultInstanceWarmupSeconds ?? group.healthCheckGracePeriodSeconds;
  within('InstanceWarmup', instanceWarmupSeconds, 0, Number.POSITIVE_INFINITY);
  const alarms = given.AlarmSpecification?.Alarms ?? [];
  if (alarms.length > MAX_ALARMS) throw validationError(`${alarms.length} alarms exceed the limit of ${MAX_ALARMS}.`);
  return {
    minHealthyPercentage,
    maxHealthyPercentage,
    maxHealthyExplicit: given.MaxHealthyPercentage !== undefined || policy !== undefined,
    instanceWarmupSeconds,
    skipMatching: given.SkipMatching ?? false,
    autoRollback: given.AutoRollback ?? false,
    bakeTimeSeconds: given.BakeTime ?? 0,
    checkpointPercentages,
    checkpointDelaySeconds,
    scaleInProtectedInstances: oneOf(
      'ScaleInProtectedInstances',
      given.ScaleInProtectedInstances,
      ['Refresh', 'Ignore', 'Wait'] as const,
      'Wait',
    ),
    standbyInstances: oneOf(
      'StandbyInstances',
      given.StandbyInstances,
      ['Terminate', 'Ignore', 'Wait'] as const,
      'Wait',
    ),
    alarms: [...new Set(alarms)],
  };
}
