import { randomInt } from 'node:crypto';
import type { Clock } from '@golden-pipeline/shared/clock';

const pattern = /^\d{8}T\d{6}-[0-9a-z]{4}$/;

/** A run's id, `20261121T051500-ab12`: UTC to the second and four random characters; ids sort by time. */
export function createRunId(clock: Clock, random: (below: number) => number = (below) => randomInt(below)): string {
  const time = new Date(clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, '');
  return `${time}-${random(36 ** 4)
    .toString(36)
    .padStart(4, '0')}`;
}

/** True for text in the format of a run's id. */
export function isRunId(text: string): boolean {
  return pattern.test(text);
}
