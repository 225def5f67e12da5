import type { Fleet } from '../config/settings.ts';
import type { CliContext } from './context.ts';
import type { OpenServices } from './services.ts';

/** Connects to a fleet's cloud, hosts and ledger for the length of `work`. */
export async function withServices<T>(
  context: CliContext,
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
