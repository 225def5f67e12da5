import { inject } from 'vitest';
import { World } from './world.ts';

/**
 * A booted copy of the run's golden world: v1 of api, which is the project's HEAD, serves on a fleet of four. Making it takes some
 * seconds; a first release takes some thirty.
 */
export async function goldenWorld(): Promise<World> {
  const response = await fetch(inject('goldenUrl'));
  const answer = await response.text();
  if (!response.ok) throw new Error(`the golden world could not be made: ${answer}`);
  return World.copy(answer);
}
