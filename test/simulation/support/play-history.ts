import type { History } from './episodes.ts';
import { Simulation } from './simulation.ts';

/** How a history went: until something was wrong, or to its end. */
export interface Played {
  /** A line for each episode that was played. */
  story: string[];
  /** What was wrong after the last one, a line each. */
  violations: string[];
  /** Episodes that were played, and those in which something went wrong as drawn. */
  episodes: number;
  struck: number;
}

/** Plays a history. It ends with the first episode after which something is wrong: what follows would be compared with a fleet that is wrong already. */
export async function playHistory(history: History): Promise<Played> {
  const played: Played = { story: [], violations: [], episodes: 0, struck: 0 };
  const simulation = await Simulation.create(history);
  try {
    for (const episode of history.episodes) {
      const { line, struck, violations } = await simulation.play(episode);
      played.episodes++;
      if (struck && episode.trouble) played.struck++;
      played.story.push(line);
      played.violations.push(...violations);
      if (violations.length > 0) break;
    }
    return played;
  } finally {
    await simulation.close();
  }
}
