import { recorded, type SettingName, type SettingValues } from './settings.ts';

/** What one resource has for one setting. */
export interface Reading {
  setting: SettingName;
  kind: 'target group' | 'Auto Scaling group' | 'load balancer';
  resource: string;
  value: string;
  /** Instances that the group wants; of capacity settings. */
  desired?: number;
  /** The group is held at another size for an event, so what it has says nothing. */
  held?: boolean;
  /** A listener on another port besides the one that the file wants. */
  surplus?: boolean;
}

/**
 * Who has changed it since it was applied last: `file`, somebody in the `cloud`, or `both`. `unknown` where nothing was recorded: on AWS, and for
 * local fleets that an older release of the pipeline has made.
 */
export type Origin = 'file' | 'cloud' | 'both' | 'unknown';

/** A setting that a resource has another value for than the pipelines file. */
export interface Difference extends Pick<Reading, 'setting' | 'kind' | 'resource'> {
  file: string;
  now: string;
  /** Absent where nothing was recorded. */
  applied?: string;
  origin: Origin;
  surplus?: boolean;
  /** Why it cannot be applied to the fleet as it is now, and what to do instead. */
  blocked?: { why: string; fix: string };
}

export interface Compared {
  app: string;
  /** What the pipelines file says. */
  file: SettingValues;
  /** What was applied last, as far as that was recorded. */
  applied: Partial<SettingValues>;
  readings: readonly Reading[];
  /** Instances in all groups of the fleet. */
  instances: number;
}

/**
 * Compares what was applied last, what the file says and what the cloud has, and tells who has changed what. It knows nothing of
 * where the fleet is, and changes nothing.
 */
export function compareConfiguration(compared: Compared): Difference[] {
  return compared.readings.flatMap((reading) => differenceOf(reading, compared) ?? []);
}

function differenceOf(reading: Reading, compared: Compared): Difference | undefined {
  const { setting, kind, resource, value: now, surplus } = reading;
  const file = compared.file[setting];
  const applied = compared.applied[setting];
  if (now === file) return undefined;
  const origin = originOf(recorded(file), recorded(now), applied);
  // Nobody knows whose another listener is, unless it was applied; and the size of an event is not a change of the usual one.
  if (surplus && origin !== 'file') return undefined;
  if (reading.held && (applied === undefined || applied === recorded(file))) return undefined;
  const blocked = blockOf(reading, file, compared);
  return {
    setting,
    kind,
    resource,
    file,
    now,
    ...(applied !== undefined && { applied }),
    origin: reading.held ? 'file' : origin,
    ...(surplus && { surplus }),
    ...(blocked && { blocked }),
  };
}

function originOf(file: string, now: string, applied: string | undefined): Origin {
  if (applied === undefined) return 'unknown';
  if (applied === now) return 'file';
  return applied === file ? 'cloud' : 'both';
}

function blockOf(
  { setting, resource, value: now, desired = 0, held }: Reading,
  file: string,
  { app, instances }: Compared,
): Difference['blocked'] {
  if (setting === 'service.port' && instances > 0) {
    return {
      why: `a target group keeps its port, and the ${instances} instances of the fleet listen on ${now}`,
      fix: `put service.port back to ${now} in pipelines/${app}.ts; another port needs a fleet without instances, or one under other names`,
    };
  }
  if (held) {
    return {
      why: `${resource} is held at another size for an event`,
      fix: `wait for the end of the event, or end it: pipeline scale ${app} --cancel`,
    };
  }
  if (setting === 'capacity.max' && Number(file) < desired) {
    return {
      why: `${resource} has ${desired} instances, and a lower maximum would terminate ${desired - Number(file)} of them`,
      fix: `make the fleet smaller first: pipeline scale ${app} ${file}`,
    };
  }
  return undefined;
}

/**
 * Settings to record as applied: those whose value in the file is in force, and those that somebody has changed in the cloud since.
 * What waits to be applied, or to be decided, must stay known as such.
 */
export function valuesWithoutDifference(
  { file }: Pick<Compared, 'file'>,
  differences: readonly Difference[],
): Partial<SettingValues> {
  const open = new Set<string>(differences.filter(({ origin }) => origin !== 'cloud').map(({ setting }) => setting));
  return Object.fromEntries(Object.entries(file).filter(([setting]) => !open.has(setting)));
}
