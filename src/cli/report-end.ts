import { runSchema } from '../engine/schema.ts';
import type { RunRecord } from '../ledger/types.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { writeJson } from './views/json.ts';

/** Reports that a run of another process has ended, or has been undone. @returns the exit code */
export function reportEnd(
  { stdout }: CliContext,
  { json }: CommandOptions,
  { id, app, outcome }: RunRecord,
  seconds: number,
): number {
  if (json) writeJson(stdout, { schema: runSchema, run: id, app, outcome: outcome ?? null, seconds });
  else stdout.write(`run ${id} has finished: ${outcome ?? 'unknown'}, after ${seconds.toFixed(1)} s\n`);
  return outcome === 'manual-intervention' ? exitCodes['manual-intervention'] : exitCodes.done;
}
