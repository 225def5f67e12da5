import type { Fleet } from '../config/settings.ts';
import type { Ledger } from '../ledger/types.ts';
import { orAbort } from '../shared/or-abort.ts';
import type { OpenServices } from './services.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Opens a fleet's cloud, hosts and ledger for the duration of `work`.
 * @param signal Ends the opening, which may wait for an answer; `work` heeds it by itself.
 */
export async function withServices<T>(
  context: Surroundings,
  fleet: Fleet,
  work: (services: OpenServices) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { createServices } = await import('./services.ts');
  const opening = createServices(context, fleet);
  const services = await (signal ? orAbort(opening, signal) : opening).catch((error: unknown) => {
    opening.then((late) => late.close()).catch(() => undefined);
    throw error;
  });
  try {
    return await work(services);
  } finally {
    await services.close();
  }
}

/** Opens only a fleet's ledger: one in files can be read when the fleet's cloud cannot be reached. */
export async function withLedger<T>(
  context: Surroundings,
  fleet: Fleet,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const { openLedger } = await import('./ledger.ts');
  const inFiles = fleet.ledger.type === 'files';
  const target = inFiles ? { region: fleet.region } : (await import('./services.ts')).cloudTarget(context, fleet);
  const { ledger, close } = await openLedger(context, fleet, target);
  try {
    return await work(ledger);
  } finally {
    close();
  }
}
