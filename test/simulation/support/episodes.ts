import { type CallFault, callFaults } from './numbered-calls.ts';

/** What is asked of the product. */
export type Request = 'release' | 'release --bake builder' | 'fast-rollback' | Scale | 'images prune';

/** To so many instances, now. */
export type Scale = `scale ${number}`;

/** What follows after the process of a run was killed. */
export type Sequel = (typeof killSequels)[number];

/** Those of which histories draw: each leaves a ledger that knows what was done. */
export const sequels = ['resume', 'the same command', 'abort', 'fast-rollback'] as const;

/** All of them. */
export const killSequels = [...sequels, 'repair without the ledger'] as const;

/**
 * What goes wrong meanwhile: one call of those that change the cloud, or the process at one of its changes; or a second operator, who makes
 * another request just before one of those calls.
 */
export type Trouble =
  | { kind: 'fault'; number: number; fault: CallFault }
  | { kind: 'kill'; number: number; how: 'intended' | 'made'; then: Sequel }
  | { kind: 'rival'; number: number; request: Request };

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
  /** Whether hosts can switch between environments, so that a rollback can be in place. */
  switching?: boolean;
  episodes: Episode[];
}

/** About how many changes a request makes at most, by the strategy of the fleet; a number beyond its last one strikes nothing. */
const mostChanges: Record<History['strategy'], Record<Request, number>> = {
  rolling: { release: 24, 'release --bake builder': 20, 'fast-rollback': 10, 'images prune': 6 },
  'blue-green': { release: 36, 'release --bake builder': 30, 'fast-rollback': 12, 'images prune': 6 },
};

const mostChangesOfScale = 10;

/** A rollback changes nothing of what a killed change of the size, or of kept images, has left. */
const sequelsOfOthers = sequels.filter((one) => one !== 'fast-rollback');

/** Draws a history. @param random Numbers in [0, 1), of the seed. */
export function drawHistory(seed: number, random: () => number, length: number): History {
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const strategy = oneOf(['rolling', 'blue-green'] as const);
  const instances = 2 + below(5);
  const scale = (): Scale => `scale ${instances + below(4)}`;
  const trouble = (request: Request): Trouble | undefined => {
    const dice = random();
    const number = 1 + below(mostChanges[strategy][request] ?? mostChangesOfScale);
    if (dice < 0.1) return undefined;
    if (dice < 0.5) return { kind: 'fault', number, fault: oneOf(callFaults) };
    if (dice < 0.6) return { kind: 'rival', number, request: oneOf<Request>(['release', 'images prune', scale()]) };
    const then = oneOf<Sequel>(changesVersion(request) ? sequels : sequelsOfOthers);
    return { kind: 'kill', number, how: oneOf(['intended', 'made'] as const), then };
  };
  return {
    seed,
    strategy,
    instances,
    switching: random() < 0.4,
    episodes: Array.from({ length }, () => {
      const request = oneOf<Request>([
        ...(['release', 'release', 'release', 'release --bake builder', 'release --bake builder'] as const),
        ...(['fast-rollback', 'fast-rollback', 'images prune', scale()] as const),
      ]);
      return { request, trouble: trouble(request) };
    }),
  };
}

/** Whether a request brings another version. */
export const changesVersion = (request: Request): boolean => /^(release|fast-rollback)/.test(request);

/** The number of instances that a request is for; undefined where it is not about that. */
export const sizeOf = (request: Request): number | undefined => {
  const [name, size] = request.split(' ');
  return name === 'scale' ? Number(size) : undefined;
};

/** An episode in a line. */
export function describeEpisode({ request, trouble }: Episode): string {
  if (!trouble) return request;
  if (trouble.kind === 'fault') return `${request}, with call ${trouble.number} ${trouble.fault}`;
  if (trouble.kind === 'rival') return `${request}, and ${trouble.request} by somebody else at call ${trouble.number}`;
  return `${request}, killed once change ${trouble.number} is ${trouble.how}, then ${trouble.then}`;
}
