import { PipelineError } from '@golden-pipeline/shared/errors';
import { releaseClaim, takeClaimOver } from '../../fleet/claim.ts';
import { findLeftovers } from '../../fleet/leftovers/find-leftovers.ts';
import type { Leftover } from '../../fleet/leftovers/leftover.ts';
import { readLeftoverFacts } from '../../fleet/leftovers/read-leftovers.ts';
import { assertNoRefresh, assertNoUnknownRun } from '../assert-restorable.ts';
import { restoreLeftover } from '../restore-leftover.ts';
import type { RepairContext, RepairStep } from '../state.ts';

/** So many times the same change is made: the cloud may show the state of before for a moment. */
const attempts = 3;

/**
 * Removes what a lost run has left, as far as tags show it, one after the other: after each change the fleet is read again. What was
 * restored stays, whatever comes after it. Where something is left that the tags are needed for, they stay, too; it may be possible once
 * the image is repaired.
 */
export const restoreLeftovers: RepairStep = {
  id: 'restore',
  title: 'Restore what a run has left',
  commits: true,
  describe: ({ state: { leftovers = [] } }) => [
    ...leftovers.filter((one) => one.restore).map(({ seen, change }) => `${seen}: ${change}`),
    'no other run may be active on the fleet meanwhile, with another ledger either',
  ],
  async run(context) {
    const { services, clock, run, state } = context;
    const seen = await readLeftoverFacts(services, clock, [run.id, state.lostRun]);
    assertNoUnknownRun(seen);
    assertNoRefresh(seen);
    await takeClaimOver(context, seen.groups);
    const left = await restoreAll(context);
    if (left.length > 0 && state.repair === 'nothing') throw notRestored(left);
    for (const line of left) context.note(`not restored yet: ${line}`);
  },
  async undo({ state: { restored, left = [] }, services }) {
    if (restored) return;
    const rest = left.length > 0 ? left.join('; ') : 'the rest is not restored';
    throw new Error(
      `what was restored stays, and so do the tags of the run; ${rest}; then: pipeline repair ${services.fleet.app}`,
    );
  },
};

/** What could not be restored before the image was repaired, e.g. as the group could launch nothing. */
export const restoreRest: RepairStep = {
  id: 'restore-rest',
  title: 'Restore what needed the image',
  describe: () => ['what a run has left, and what could not be restored before'],
  async skip({ state }) {
    return state.restored ? 'everything is restored' : undefined;
  },
  async run(context) {
    const left = await restoreAll(context);
    if (left.length > 0) throw notRestored(left);
  },
};

/** @returns what is left that the tags are needed for, a line each; the tags are removed when there is nothing */
async function restoreAll(context: RepairContext): Promise<string[]> {
  const { services, clock, run } = context;
  const made = new Map<string, number>();
  for (;;) {
    const seen = await readLeftoverFacts(services, clock, [run.id, context.state.lostRun]);
    assertNoUnknownRun(seen);
    const found = findLeftovers(seen);
    const next = found.find((one) => one.restore && one.kind !== 'tags');
    if (!next?.restore) {
      const left = found.filter((one) => one.needsTags && seen.groups.some(({ tagged }) => tagged));
      const lines = left.map((one) => `${one.seen}; fix: ${one.change}`);
      if (lines.length === 0) await releaseClaim(context);
      await context.save(lines.length === 0 ? { restored: true } : { left: lines });
      return lines;
    }
    assertFirst(next, made);
    await restoreLeftover(context, next.restore, seen);
    context.note(`${next.seen}: ${next.change}`);
  }
}

const notRestored = (left: readonly string[]): PipelineError =>
  new PipelineError(
    'repair.left',
    `${left.length === 1 ? 'one thing that a run has left is' : `${left.length} things that a run has left are`} not restored, so its tags stay`,
    { fix: 'do what is named for each, then repair again', details: [...left] },
  );

/** @throws PipelineError `repair.not-restored` for a change that has no effect */
function assertFirst({ kind, id, seen, change }: Leftover, made: Map<string, number>): void {
  const key = `${kind} ${id} ${change}`;
  const times = (made.get(key) ?? 0) + 1;
  made.set(key, times);
  if (times <= attempts) return;
  throw new PipelineError('repair.not-restored', `${seen}, still after ${attempts} times ${change}`, {
    fix: 'find out who changes it back, then repair again',
  });
}
