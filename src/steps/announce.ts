import type { RunContext, Step } from '../run/step.ts';
import type { RollState, Services } from './services.ts';

/**
 * Says who did what, where, and how to take it back. A rollback also notes in the ledger which versions it went away from, so that no
 * later one goes there by itself.
 */
export const announce: Step<Services, RollState> = {
  id: 'announce',
  title: 'Announce',
  describe: ({ state, services: { fleet } }) => [
    `say that ${fleet.app} ${state.version} serves in ${fleet.environment}, and how to undo it`,
  ],
  async run(context) {
    const { fleet, by } = context.services;
    const { version, commit, url } = context.state;
    // Traffic is where it was wanted: a ledger that cannot be written to must not take that back.
    await noteLeft(context).catch((error: unknown) =>
      context.note(
        `the ledger does not know which version was left: ${error instanceof Error ? error.message : error}`,
      ),
    );
    const seconds = Math.round((context.clock.now() - context.run.startedAt) / 1000);
    context.note(
      `${by}: ${fleet.app} ${version} (${commit.slice(0, 12)}) serves in ${fleet.environment} at ${url} after ${seconds} s`,
    );
  },
};

async function noteLeft(context: RunContext<Services, RollState>): Promise<void> {
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
