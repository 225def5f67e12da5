import { PipelineError } from '@golden-pipeline/shared/errors';
import { loadFleet } from '../config/load.ts';
import type { Fleet } from '../config/settings.ts';
import type { Outbox } from '../ledger/outbox.ts';
import type { Deliverer } from '../notify/deliver.ts';
import { readReference } from './read-reference.ts';
import { type Surroundings, whoWorks } from './surroundings.ts';

/** What delivers the notifications of a fleet's ledger, also those of the project's other apps. */
export function createDeliverer(
  context: Surroundings,
  fleet: Fleet,
  outbox: Outbox,
  watched: Pick<Deliverer, 'signal' | 'sending' | 'onUnreadable'> = {},
): Deliverer {
  const { owner, host } = whoWorks(context);
  const { projectDir, environment } = fleet;
  const known = new Map<string, Promise<Fleet | undefined>>([[fleet.app, Promise.resolve(fleet)]]);
  const fleetOf = (app: string): Promise<Fleet | undefined> => {
    const found = known.get(app) ?? loadFleet({ projectDir, app, environment }).catch(unlessUnknownApp);
    known.set(app, found);
    return found;
  };
  return {
    clock: context.clock,
    outbox,
    by: `${owner}@${host}`,
    fleetOf: ({ configuredBy }) => fleetOf(configuredBy),
    readReference: (reference) => readReference(context, fleet, reference),
    ...watched,
  };
}

/** Any other mistake is one of this project, and the reason why a notification waits. */
function unlessUnknownApp(error: unknown): undefined {
  if (!(error instanceof PipelineError) || error.code !== 'config.unknown-app') throw error;
}
