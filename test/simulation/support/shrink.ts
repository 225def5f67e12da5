import type { History } from './episodes.ts';

/**
 * The shortest history found that still goes wrong: without episodes, trouble and instances that it does not need.
 * @param history One that goes wrong
 * @param isWrong Plays a history and tells whether it goes wrong, in whatever way
 */
export async function shrink(history: History, isWrong: (history: History) => Promise<boolean>): Promise<History> {
  let least = history;
  for (let changed = true; changed; ) {
    changed = false;
    for (const simpler of simplerOnes(least)) {
      if (!(await isWrong(simpler))) continue;
      least = simpler;
      changed = true;
      break;
    }
  }
  return least;
}

/** Histories that are simpler by one thing. */
function* simplerOnes(history: History): Generator<History> {
  const { episodes, instances, switching } = history;
  for (const index of episodes.keys()) yield { ...history, episodes: episodes.filter((_, at) => at !== index) };
  for (const [index, { request, trouble }] of episodes.entries()) {
    if (trouble) yield { ...history, episodes: episodes.with(index, { request }) };
  }
  if (switching) yield { ...history, switching: false };
  if (instances > 2) yield { ...history, instances: instances - 1 };
}
