import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';

/** Resolves once a run has told something: for what can only be seen while it goes on. */
export async function tells(file: string, what: (event: RunEvent) => boolean): Promise<void> {
  const told = async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, -1);
    return lines.some((line) => what(JSON.parse(line) as RunEvent));
  };
  await expect.poll(told, { timeout: 180_000, interval: 50 }).toBe(true);
}

/** Resolves once a step of a run has begun. */
export const stepBegins = (file: string, step: string): Promise<void> =>
  tells(file, (event) => event.code === 'step.started' && event.step === step);
