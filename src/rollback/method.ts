import { PipelineError } from '@golden-pipeline/shared/errors';
import type { RollbackMethod } from './state.ts';
import type { SwitchFacts } from './switch-facts.ts';

/** Whether a rollback method is available, and why or why not, as the second half of a sentence. */
export interface MethodFact {
  open: boolean;
  why: string;
  /** It is available, but instances have to boot first. */
  waits?: boolean;
}

/** What is known about each method, the fastest first. A method that the fleet does not have is absent. */
export interface MethodFacts {
  /** The group that ran the version before still runs (blue/green). */
  switch?: MethodFact;
  /** The hosts hold the environment. */
  'in-place': MethodFact;
  /** The image can be launched. */
  rolling: MethodFact;
}

/** The method that is used, and those that are faster but not available, or slower. */
export interface ChosenMethod {
  method: RollbackMethod;
  why: string;
  rejected: { method: RollbackMethod; why: string }[];
}

const methods: readonly RollbackMethod[] = ['switch', 'in-place', 'rolling'];

/**
 * Chooses the fastest available method, or the requested one. A method that waits for instances to boot comes after one that needs none.
 * @throws PipelineError `rollback.method-unavailable` naming why, and what is available instead
 */
export function chooseRollbackMethod(facts: MethodFacts, asked: 'auto' | RollbackMethod): ChosenMethod {
  const known = methods.flatMap((method) => (facts[method] ? [{ method, ...facts[method] }] : []));
  const open = known.filter((one) => one.open);
  const quick = open.find((one) => one.method !== 'rolling' && !one.waits) ?? open[0];
  const chosen = asked === 'auto' ? quick : open.find((one) => one.method === asked);
  if (!chosen) {
    const closed = known.find((one) => one.method === asked);
    const why = closed?.why ?? 'this fleet has only one group';
    throw new PipelineError(
      'rollback.method-unavailable',
      asked === 'auto'
        ? `no rollback method is available: ${known.map((one) => `${one.method}: ${one.why}`).join('; ')}`
        : `method ${asked} is not available: ${why}`,
      quick ? { fix: `available: --method ${quick.method} (${quick.why})` } : {},
    );
  }
  const rejected = known
    .filter((one) => one !== chosen)
    .map(({ method, why, open: possible, waits }) => ({
      method,
      why: !possible ? why : asked !== 'auto' ? `not requested; ${why}` : waits ? `slower: ${why}` : 'slower',
    }));
  return { method: chosen.method, why: chosen.why, rejected };
}

/** Whether traffic can be given to the group that ran the version before: open while that runs, at once while it is as large as needed. */
export function switchFact(version: string, { group, template, healthy, needed, why }: SwitchFacts): MethodFact {
  if (template === undefined) return { open: false, why };
  const runs = `${group} still runs ${version}, ${healthy} of ${needed} instances healthy`;
  return healthy < needed
    ? { open: true, why: `${runs}: it has to grow first`, waits: true }
    : { open: true, why: runs };
}

/** What is known of a host of the fleet. */
export interface InPlaceHost {
  id: string;
  /** Versions whose environments its image holds; undefined when the image is unknown. */
  environments: readonly string[] | undefined;
}

/** Whether every host can switch to a version by itself. */
export function inPlaceFact(version: string, hosts: readonly InPlaceHost[]): MethodFact {
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
