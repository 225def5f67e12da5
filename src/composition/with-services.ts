import type { Fleet } from '../config/settings.ts';
import type { Ledger } from '../ledger/types.ts';
import type { OpenServices } from './services.ts';
import type { Surroundings } from './surroundings.ts';

/** Opens a fleet's cloud, hosts and ledger for the duration of `work`. */
export async function withServices<T>(
  context: Surroundings,
  fleet: Fleet,
  work: (services: OpenServices) => Promise<T>,
): Promise<T> {
  const { createServices } = await import('./services.ts');
  const services = await createServices(context, fleet);
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
