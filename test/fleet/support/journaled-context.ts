import { createPoll } from '../../../src/engine/poll.ts';
import type { JournaledChange } from '../../../src/engine/step.ts';
import type { ReleaseContext, ReleaseState, Services } from '../../../src/fleet/services.ts';
import { instantClock } from '../../support/instant-clock.ts';

/** A change that the journal knows; without `result` and `error` its process died before the outcome. */
export function journaled(
  action: string,
  target: string,
  end: { result?: unknown; error?: string } = {},
): JournaledChange {
  return { step: 'any', action, target, token: `token-of-${action}`, data: {}, undoing: false, ...end };
}

/** The context that an undo gets from a journal of another process. What it changes is made at once, and told in `made`. */
export function journaledContext(
  state: Partial<ReleaseState>,
  services: Partial<Services>,
  changes: JournaledChange[],
): { context: ReleaseContext; made: string[] } {
  const made: string[] = [];
  const clock = instantClock();
  const context: Partial<ReleaseContext> = {
    run: { id: 'run-1', operation: 'release', app: 'api', environment: 'local', startedAt: 0 },
    services: services as Services,
    state: state as ReleaseState,
    clock,
    poll: createPoll(clock),
    change: async ({ action, target }, apply) => {
      made.push(`${action} ${target}`);
      return apply(`token-of-${action}`);
    },
    changes: () => changes,
    changesOfRun: () => changes,
    progress: () => undefined,
    note: () => undefined,
  };
  return { context: context as ReleaseContext, made };
}
