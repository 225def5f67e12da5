import { createHash } from 'node:crypto';
import type { Fleet } from '../../config/settings.ts';

/** Settings of a pipelines file that are a property of a resource in the cloud, and can differ from it. */
export const settingNames = [
  'service.port',
  'balancer.listenerPort',
  'balancer.validationHeader',
  'balancer.healthCheck.path',
  'balancer.healthCheck.intervalSeconds',
  'balancer.healthCheck.timeoutSeconds',
  'balancer.healthCheck.healthyThreshold',
  'balancer.healthCheck.unhealthyThreshold',
  'balancer.deregistrationDelaySeconds',
  'release.timeouts.health',
  'capacity.min',
  'capacity.max',
] as const;

export type SettingName = (typeof settingNames)[number];

/** A value of each setting, as text. */
export type SettingValues = Readonly<Record<SettingName, string>>;

/** What the pipelines file says. */
export function valuesOfFile({ service, balancer, release, capacity }: Fleet): SettingValues {
  const { healthCheck } = balancer;
  return {
    'service.port': String(service.port),
    'balancer.listenerPort': String(balancer.listenerPort),
    // Names of headers are the same in any case.
    'balancer.validationHeader': balancer.validationHeader.toLowerCase(),
    'balancer.healthCheck.path': healthCheck.path,
    'balancer.healthCheck.intervalSeconds': String(healthCheck.intervalSeconds),
    'balancer.healthCheck.timeoutSeconds': String(healthCheck.timeoutSeconds),
    'balancer.healthCheck.healthyThreshold': String(healthCheck.healthyThreshold),
    'balancer.healthCheck.unhealthyThreshold': String(healthCheck.unhealthyThreshold),
    'balancer.deregistrationDelaySeconds': String(balancer.deregistrationDelaySeconds),
    'release.timeouts.health': String(release.timeouts.health),
    'capacity.min': String(capacity.min),
    'capacity.max': String(capacity.max),
  };
}

/** Tags of a fleet's first group that hold what was applied last, one for each setting. They live and go with the fleet. */
export const appliedTagPrefix = 'golden-pipeline:applied:';

/** Auto Scaling takes no longer value of a tag. */
const longestTag = 256;

/** A value as it stands in its tag: itself, or its digest when it is too long. */
export function recorded(value: string): string {
  if (value.length <= longestTag) return value;
  return `sha256:${createHash('sha256').update(value).digest('hex')}`;
}

/** The tags for some settings. */
export function appliedTags(values: Partial<SettingValues>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${appliedTagPrefix}${name}`, recorded(value ?? '')]),
  );
}

/** What was applied last, from the tags of the first group; without a fleet that `local up` has made there is nothing. */
export function readApplied(tags: Readonly<Record<string, string>>): Partial<SettingValues> {
  return Object.fromEntries(
    settingNames.flatMap((name) => {
      const value = tags[`${appliedTagPrefix}${name}`];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
