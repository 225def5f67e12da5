import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';

/** Resolves once a run has told something: for what can only be seen while it goes on. Fails when the run finishes without it. */
export async function tells(file: string, what: (event: RunEvent) => boolean): Promise<void> {
  const told = async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const events = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as RunEvent);
    if (events.some(what)) return 'told';
    return events.some(({ code }) => code === 'run.finished') ? 'finished without it' : undefined;
  };
  let end: string | undefined;
  // A release up to its last steps takes minutes on a slow computer.
  await expect.poll(async () => (end = await told()), { timeout: 900_000, interval: 100 }).toBeDefined();
  expect(end).toBe('told');
}

/** Resolves once a step of a run has begun. */
export const stepBegins = (file: string, step: string): Promise<void> =>
  tells(file, (event) => event.code === 'step.started' && event.step === step);
