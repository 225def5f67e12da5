import type { RunContext } from '../../run/step.ts';
import { messageOf } from '../../shared/errors.ts';
import type { RollState, Services } from '../services.ts';

/**
 * Notes in the ledger which versions a rollback went away from, so that no later one goes there by itself. To be called as soon as
 * nothing takes the rollback back: what fails after that leaves the fleet on the old version all the same. A ledger that cannot be
 * written to is told and stops nothing.
 */
export async function noteLeft(context: RunContext<Services, RollState>): Promise<void> {
  try {
    await writeLeft(context);
  } catch (error) {
    const why = messageOf(error);
    context.note(`the ledger does not know which version was left: ${why}`);
  }
}

async function writeLeft(context: RunContext<Services, RollState>): Promise<void> {
  const { ledger, fleet } = context.services;
  const { version, leaves = [] } = context.state;
  const target = await ledger.release(fleet.app, version);
  if (target?.leftAt !== undefined) {
    await context.change({ action: 'serves-again', target: version }, () =>
      ledger.updateRelease(fleet.app, version, { leftAt: undefined }),
    );
  }
  const leftAt = new Date(context.clock.now()).toISOString();
  for (const left of leaves) {
    await context.change({ action: 'rolled-back', target: left }, () =>
      ledger.updateRelease(fleet.app, left, { leftAt }),
    );
  }
}
