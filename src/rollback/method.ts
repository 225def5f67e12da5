import { PipelineError } from '@golden-pipeline/shared/errors';
import type { RollbackHow } from '../fleet/services.ts';
import type { SwitchFacts } from './switch-facts.ts';

/** Whether a way is open, and why or why not, as the second half of a sentence. */
export interface WayFact {
  open: boolean;
  why: string;
  /** It is open, but machines have to boot first. */
  waits?: boolean;
}

/** What is known about each way, the fastest first. A way that the fleet does not have is absent. */
export interface WayFacts {
  /** The group that ran the version before still runs (blue/green). */
  switch?: WayFact;
  /** The hosts hold the environment. */
  flip: WayFact;
  /** The image can be launched. */
  roll: WayFact;
}

/** The way that is taken, and those that are faster but closed, or slower. */
export interface RollbackWay {
  how: RollbackHow;
  why: string;
  rejected: { how: RollbackHow; why: string }[];
}

const ways: readonly RollbackHow[] = ['switch', 'flip', 'roll'];

/**
 * Chooses the fastest open way, or the one asked for. A way that waits for machines to boot comes after one that needs none.
 * @throws PipelineError `rollback.way-closed` naming why, and what is open instead
 */
export function chooseRollbackWay(facts: WayFacts, asked: 'auto' | RollbackHow): RollbackWay {
  const known = ways.flatMap((how) => (facts[how] ? [{ how, ...facts[how] }] : []));
  const open = known.filter((way) => way.open);
  const quick = open.find((way) => way.how !== 'roll' && !way.waits) ?? open[0];
  const chosen = asked === 'auto' ? quick : open.find((way) => way.how === asked);
  if (!chosen) {
    const closed = known.find((way) => way.how === asked);
    const why = closed?.why ?? 'this fleet has only one group';
    throw new PipelineError(
      'rollback.way-closed',
      asked === 'auto'
        ? `there is no way back: ${known.map((way) => `${way.how}: ${way.why}`).join('; ')}`
        : `no way back by ${asked}: ${why}`,
      quick ? { hint: `this is open: --how ${quick.how} (${quick.why})` } : {},
    );
  }
  const rejected = known
    .filter((way) => way !== chosen)
    .map(({ how, why, open: possible, waits }) => ({
      how,
      why: !possible ? why : asked !== 'auto' ? `not asked for; ${why}` : waits ? `slower: ${why}` : 'slower',
    }));
  return { how: chosen.how, why: chosen.why, rejected };
}

/** Whether traffic can be given to the group that ran the version before: open while that runs, at once while it is as large as needed. */
export function switchFact(version: string, { group, template, healthy, needed, why }: SwitchFacts): WayFact {
  if (template === undefined) return { open: false, why };
  const runs = `${group} still runs ${version}, ${healthy} of ${needed} machines healthy`;
  return healthy < needed
    ? { open: true, why: `${runs}: it has to grow first`, waits: true }
    : { open: true, why: runs };
}

/** What is known of a host of the fleet. */
export interface FlipHost {
  id: string;
  /** Versions whose environments its image holds; undefined when the image is unknown. */
  environments: readonly string[] | undefined;
}

/** Whether every host can switch to a version by itself. */
export function flipFact(version: string, hosts: readonly FlipHost[]): WayFact {
  if (hosts.length === 0) return { open: false, why: 'no host serves' };
  const lacking = hosts.filter((host) => !host.environments?.includes(version));
  if (lacking.length === 0) {
    return {
      open: true,
      why: `${hosts.length === 1 ? 'the host holds' : `all ${hosts.length} hosts hold`} the environment of ${version}`,
    };
  }
  const named = lacking.slice(0, 3).map((host) => host.id);
  const more = lacking.length > named.length ? ` and ${lacking.length - named.length} more` : '';
  return {
    open: false,
    why: `${named.join(', ')}${more} of ${hosts.length} hosts ${lacking.length === 1 ? 'does' : 'do'} not hold the environment of ${version}`,
  };
}
