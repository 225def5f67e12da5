import { show } from '@golden-pipeline/shared/text';
import { applyCommand } from '../../config/aws-command.ts';
import type { Fleet } from '../../config/settings.ts';
import type { Difference } from './compare.ts';

/** A difference of one setting in words, whatever number of resources has it. */
export interface DescribedDifference extends Pick<Difference, 'setting' | 'origin' | 'file' | 'now'> {
  resources: readonly string[];
  message: string;
  /** A command or a sentence. */
  fix: string;
}

/** Differences in words, those of one setting and one value together. */
export function describeDifferences(
  fleet: Pick<Fleet, 'app' | 'environment' | 'cloud'>,
  differences: readonly Difference[],
): DescribedDifference[] {
  const alike = new Map<string, [Difference, ...Difference[]]>();
  for (const one of differences) {
    const key = JSON.stringify([one.setting, one.now, one.blocked?.why]);
    const same = alike.get(key);
    if (same) same.push(one);
    else alike.set(key, [one]);
  }
  return [...alike.values()].map((same) => {
    const [first] = same;
    const { setting, origin, file, now } = first;
    const resources = same.map((one) => one.resource);
    return { setting, origin, file, now, resources, message: messageOf(fleet, same), fix: fixOf(fleet, first) };
  });
}

function messageOf({ app }: Pick<Fleet, 'app'>, same: readonly [Difference, ...Difference[]]): string {
  const [{ setting, kind, file, now, applied, origin, surplus, blocked }] = same;
  const where = `${kind}${same.length > 1 ? 's' : ''} ${same.map((one) => one.resource).join(', ')}`;
  const has = surplus
    ? `${where} still has a listener on port ${now}; ${setting} in pipelines/${app}.ts is ${value(file)}`
    : `${setting} of ${where} is ${value(now)}; pipelines/${app}.ts says ${value(file)}`;
  const who = {
    file: '',
    unknown: '',
    cloud: ' (changed in the cloud; the file is as it was applied)',
    both: ` (changed in both: ${value(applied ?? '')} was applied)`,
  }[origin];
  return `${has}${who}${blocked ? `: ${blocked.why}` : ''}`;
}

function fixOf(
  fleet: Pick<Fleet, 'app' | 'environment' | 'cloud'>,
  { setting, now, origin, surplus, blocked }: Difference,
): string {
  const { apply, overwrite } = applyCommand(fleet);
  const keep = `or keep it: set ${setting} to ${literal(now)} in pipelines/${fleet.app}.ts`;
  if (blocked) return setting === 'service.port' ? blocked.fix : `${blocked.fix}, then ${apply}; ${keep}`;
  if (overwrite !== undefined) {
    return surplus || origin === 'file' ? apply : `restore what the file says: ${overwrite}; ${keep}`;
  }
  return `apply what has changed in the file since the last deploy: ${apply}; changes made in AWS directly are not reverted by it, revert them there; ${keep}`;
}

/** Numbers bare, all else quoted and escaped: what is read from the cloud may be anything. */
const value = (text: string): string => (/^\d+$/.test(text) ? text : show(text));

const literal = (text: string): string => (/^\d+$/.test(text) ? text : `'${show(text).slice(1, -1)}'`);
