import { type CallFault, callFaults } from './numbered-calls.ts';

/** What is asked of the product. */
export type Request = 'release' | 'release --bake builder' | 'fast-rollback';

/** What follows after the process of a run was killed. */
export type Sequel = 'the same command' | 'abort' | 'fast-rollback';

/** What goes wrong meanwhile: one call of those that change the cloud, or the process at one of its changes. */
export type Trouble =
  | { kind: 'fault'; number: number; fault: CallFault }
  | { kind: 'kill'; number: number; how: 'intended' | 'made'; then: Sequel };

/** One request to the product, and what goes wrong with it. */
export interface Episode {
  request: Request;
  trouble?: Trouble;
}

/** A fleet and what happens to it, drawn from one seed. */
export interface History {
  seed: number;
  strategy: 'rolling' | 'blue-green';
  instances: number;
  episodes: Episode[];
}

/** No operation makes more changes than this; a number beyond its last one strikes nothing. */
const mostChanges = 36;

/** Draws a history. @param random Numbers in [0, 1), of the seed. */
export function drawHistory(seed: number, random: () => number, length: number): History {
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const trouble = (): Trouble | undefined => {
    const dice = random();
    const number = 1 + below(mostChanges);
    if (dice < 0.1) return undefined;
    if (dice < 0.55) return { kind: 'fault', number, fault: oneOf(callFaults) };
    const then = oneOf<Sequel>(['the same command', 'abort', 'fast-rollback']);
    return { kind: 'kill', number, how: oneOf(['intended', 'made'] as const), then };
  };
  return {
    seed,
    strategy: oneOf(['rolling', 'blue-green'] as const),
    instances: 2 + below(5),
    episodes: Array.from({ length }, () => {
      const request = oneOf<Request>(['release', 'release', 'release --bake builder', 'fast-rollback']);
      return { request, trouble: trouble() };
    }),
  };
}

/** An episode in a line. */
export function describeEpisode({ request, trouble }: Episode): string {
  if (!trouble) return request;
  if (trouble.kind === 'fault') return `${request}, with call ${trouble.number} ${trouble.fault}`;
  return `${request}, killed once change ${trouble.number} is ${trouble.how}, then ${trouble.then}`;
}
