import { runSchema } from '../../engine/schema.ts';
import type { RunFacts } from '../../runner/run-facts.ts';
import type { Output } from '../context.ts';

/** Writes the one document of `--json`. Values that are not known are left out, except where `null` says so. */
export function writeJson(output: Output, document: unknown): void {
  output.write(`${JSON.stringify(document, undefined, 2)}\n`);
}

/**
 * The document of an operation: what the command says of its result first, then what the events tell, so that a failed
 * run has the same shape with `error` and `leftovers` beside it.
 */
export function runDocument(facts: RunFacts, result: Record<string, unknown>): Record<string, unknown> {
  const seconds = facts.seconds === undefined ? undefined : round(facts.seconds);
  return {
    schema: runSchema,
    run: facts.run,
    app: facts.app,
    environment: facts.environment,
    operation: facts.operation,
    ...facts.summary,
    // A first release has no previous version: that is reported, not left out.
    ...Object.fromEntries(Object.entries(result).map(([key, value]) => [key, value ?? null])),
    outcome: facts.outcome,
    seconds,
    expectedSeconds: facts.expected?.seconds,
    steps: facts.steps.map((step) => ({ ...step, seconds: round(step.seconds) })),
    ...(facts.error ? { error: facts.error } : {}),
    ...(facts.leftovers.length > 0 ? { leftovers: facts.leftovers } : {}),
  };
}

/** Milliseconds are as exact as a step's time ever is. */
const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
