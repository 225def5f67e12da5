import type { Request, Sequel } from './episodes.ts';
import { Simulation, type Told } from './simulation.ts';

/** A way to bring a version, and what follows once its process was killed. */
export interface Kills {
  strategy: 'rolling' | 'blue-green';
  request: Request;
  sequels: readonly Sequel[];
  /** Every n-th change only; by default every one. */
  every?: number;
  /** So many kills only. */
  points?: number;
}

/** No operation makes more changes than this. */
const mostChanges = 60;

/**
 * Kills the process of an operation before and after each change that it makes, one after the other on one fleet, and plays each sequel
 * after each of them. What comes of it is judged as in a history.
 */
export async function* playKills({
  strategy,
  request,
  sequels,
  every = 1,
  points = Number.POSITIVE_INFINITY,
}: Kills): AsyncGenerator<Told> {
  const simulation = await Simulation.create({ seed: 1, strategy, instances: 3, episodes: [] });
  let played = 0;
  try {
    for (let number = 1; number <= mostChanges; number += every) {
      for (const how of ['intended', 'made'] as const) {
        for (const then of sequels) {
          const told = await simulation.play({ request, trouble: { kind: 'kill', number, how, then } });
          if (!told.struck) return;
          yield told;
          if (++played >= points) return;
          // A rollback needs a version to go back to.
          if (request === 'fast-rollback') await simulation.play({ request: 'release' });
        }
      }
    }
  } finally {
    await simulation.close();
  }
}
