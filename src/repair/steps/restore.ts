import { PipelineError } from '@golden-pipeline/shared/errors';
import { releaseClaim, takeClaimOver } from '../../fleet/claim.ts';
import { findLeftovers } from '../../fleet/leftovers/find-leftovers.ts';
import type { Leftover } from '../../fleet/leftovers/leftover.ts';
import { readLeftoverFacts } from '../../fleet/leftovers/read-leftovers.ts';
import { restoreLeftover } from '../restore-leftover.ts';
import type { RepairStep } from '../state.ts';

/** So many times the same change is made: the cloud may show the state of before for a moment. */
const attempts = 3;

/**
 * Removes what a lost run has left, as far as tags show it, one after the other: after each change the fleet is read again. What was
 * restored stays, whatever comes after it.
 */
export const restoreLeftovers: RepairStep = {
  id: 'restore',
  title: 'Restore what a run has left',
  describe: ({ state: { leftovers = [] } }) => [
    ...leftovers.filter((one) => one.restore).map(({ seen, change }) => `${seen}: ${change}`),
    'no other run may be active on the fleet meanwhile, with another ledger either',
  ],
  async run(context) {
    const { services, clock } = context;
    await takeClaimOver(context);
    const made = new Map<string, number>();
    for (;;) {
      const seen = await readLeftoverFacts(services, clock);
      const next = findLeftovers(seen).find((one) => one.restore && one.kind !== 'tags');
      if (!next?.restore) break;
      assertFirst(next, made);
      await restoreLeftover(context, next.restore, seen);
      context.note(`${next.seen}: ${next.change}`);
    }
    await releaseClaim(context);
    await context.save({ restored: true });
  },
  async undo({ state, services }) {
    if (state.restored) return;
    throw new Error(
      `what was restored stays, and the rest is not restored; again: pipeline repair ${services.fleet.app}`,
    );
  },
};

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
