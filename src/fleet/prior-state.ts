import { PipelineError } from '@golden-pipeline/shared/errors';
import { tagKeys } from '../aws/tags.ts';

/** What a group was before a run changed it, as the tags of the group keep it. */
export interface PriorState {
  run: string;
  /** What the run does, e.g. `release`. */
  operation: string;
  size: { min: number; max: number; desired: number };
  /** Suspended processes. */
  suspended: string[];
  /** Instances in Standby; undefined when there were too many for a tag. */
  standby: string[] | undefined;
  /** Percent of the traffic: 100 for the only group of a fleet. */
  weight: number;
}

/** The tags of a group that belong to a run. */
export const priorKeys = [
  tagKeys.run,
  tagKeys.operation,
  tagKeys.beforeSize,
  tagKeys.beforeSuspended,
  tagKeys.beforeStandby,
  tagKeys.beforeWeight,
] as const;

/** Maximum length of a tag's value (Auto Scaling, Tag). A list of the nine processes is shorter than that, one of instances may not be. */
const longestValue = 256;
const none = 'none';
const many = 'many';

/** A prior state as tags. They hold what AWS allows in a tag: letters, digits, spaces and `+ - = . _ : / @`. */
export function priorTags({ run, operation, size, suspended, standby, weight }: PriorState): Record<string, string> {
  const instances = standby && listed(standby);
  return {
    [tagKeys.run]: run,
    [tagKeys.operation]: operation,
    [tagKeys.beforeSize]: `min=${size.min} max=${size.max} desired=${size.desired}`,
    [tagKeys.beforeSuspended]: listed(suspended),
    [tagKeys.beforeStandby]: instances === undefined || instances.length > longestValue ? many : instances,
    [tagKeys.beforeWeight]: String(weight),
  };
}

/**
 * Reads the tags of a group.
 * @returns undefined for a group without them, also where there is only the name of the run and of what it does
 * @throws PipelineError `fleet.unreadable-tag` for a value that this version does not write: what it means must not be guessed
 */
export function readPrior(group: string, tags: Readonly<Record<string, string>>): PriorState | undefined {
  const keys = priorKeys.filter((key) => tags[key] !== undefined && key !== tagKeys.run && key !== tagKeys.operation);
  const run = tags[tagKeys.run];
  if (run === undefined || keys.length === 0) return undefined;
  const match = (key: string, form: RegExp): string[] => {
    const found = form.exec(tags[key] ?? '');
    if (found) return found.slice(1);
    const value = tags[key] === undefined ? 'missing' : JSON.stringify(tags[key]);
    throw new PipelineError('fleet.unreadable-tag', `tag ${key} of ${group} is ${value}, which cannot be read`, {
      fix: `see what run ${run} has changed, then remove the tags of ${group} that begin with golden-pipeline:before`,
    });
  };
  const list = (key: string, item: string) => {
    const [text = ''] = match(key, new RegExp(`^(${none}|${item}(?: ${item})*)$`));
    return text === none ? [] : text.split(' ');
  };
  const [operation = ''] = match(tagKeys.operation, /^([a-z][a-z0-9-]*)$/);
  const [min, max, desired] = match(tagKeys.beforeSize, /^min=(\d+) max=(\d+) desired=(\d+)$/).map(Number);
  const [weight] = match(tagKeys.beforeWeight, /^(\d|[1-9]\d|100)$/).map(Number);
  return {
    run,
    operation,
    size: { min: min ?? 0, max: max ?? 0, desired: desired ?? 0 },
    suspended: list(tagKeys.beforeSuspended, '[A-Za-z]+'),
    standby: tags[tagKeys.beforeStandby] === many ? undefined : list(tagKeys.beforeStandby, 'i-[0-9a-f]+'),
    weight: weight ?? 0,
  };
}

const listed = (items: readonly string[]): string => (items.length === 0 ? none : items.join(' '));
