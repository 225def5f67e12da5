import { type CallFault, callFaults } from './numbered-calls.ts';

/** What is asked of the product. */
export type Request = 'release' | 'release --bake builder' | 'fast-rollback';

/** What follows after the process of a run was killed. */
export type Sequel = (typeof sequels)[number];

export const sequels = ['resume', 'the same command', 'abort', 'fast-rollback'] as const;

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

/** About how many changes a request makes at most, by the strategy of the fleet; a number beyond its last one strikes nothing. */
const mostChanges = {
  rolling: { release: 24, 'release --bake builder': 20, 'fast-rollback': 10 },
  'blue-green': { release: 36, 'release --bake builder': 30, 'fast-rollback': 12 },
} satisfies Record<History['strategy'], Record<Request, number>>;

/** Draws a history. @param random Numbers in [0, 1), of the seed. */
export function drawHistory(seed: number, random: () => number, length: number): History {
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const strategy = oneOf(['rolling', 'blue-green'] as const);
  const trouble = (request: Request): Trouble | undefined => {
    const dice = random();
    const number = 1 + below(mostChanges[strategy][request]);
    if (dice < 0.1) return undefined;
    if (dice < 0.55) return { kind: 'fault', number, fault: oneOf(callFaults) };
    const then = oneOf<Sequel>(sequels);
    return { kind: 'kill', number, how: oneOf(['intended', 'made'] as const), then };
  };
  return {
    seed,
    strategy,
    instances: 2 + below(5),
    episodes: Array.from({ length }, () => {
      const request = oneOf<Request>(['release', 'release', 'release --bake builder', 'fast-rollback']);
      return { request, trouble: trouble(request) };
    }),
  };
}

/** An episode in a line. */
export function describeEpisode({ request, trouble }: Episode): string {
  if (!trouble) return request;
  if (trouble.kind === 'fault') return `${request}, with call ${trouble.number} ${trouble.fault}`;
  return `${request}, killed once change ${trouble.number} is ${trouble.how}, then ${trouble.then}`;
}
