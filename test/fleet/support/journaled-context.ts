import { createPoll } from '../../../src/engine/poll.ts';
import type { JournaledChange } from '../../../src/engine/step.ts';
import type { ContextWith, Services } from '../../../src/fleet/services.ts';
import type { ReleaseState } from '../../../src/release/state.ts';
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
export function journaledContext<State = ReleaseState>(
  state: Partial<NoInfer<State>>,
  services: Partial<Services>,
  changes: JournaledChange[],
): { context: ContextWith<State>; made: string[] } {
  const made: string[] = [];
  const clock = instantClock();
  const context: Partial<ContextWith<State>> = {
    run: { id: 'run-1', operation: 'release', app: 'api', environment: 'local', startedAt: 0 },
    services: services as Services,
    state: state as State,
    clock,
    poll: createPoll(clock),
    change: async ({ action, target }, apply) => {
      made.push(`${action} ${target}`);
      return apply(`token-of-${action}`);
    },
    changes: () => changes,
    changesOfRun: () => changes,
    progress: () => undefined,
    window: async () => undefined,
    note: () => undefined,
  };
  return { context: context as ContextWith<State>, made };
}
