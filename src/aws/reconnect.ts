import type { Connection, RemoteService } from '../engine/connection.ts';
import { outageOf } from './outage.ts';

/** What a client of the SDK must have: every one has it. */
export interface ReconnectedClient {
  // biome-ignore lint/suspicious/noExplicitAny: the stack's type is of the inputs and outputs of one client
  middlewareStack: { add(middleware: any, options: any): void };
  // biome-ignore lint/suspicious/noExplicitAny: the identity's type is of the client
  config: { credentials?: (options?: any) => Promise<unknown> };
}

/** Operations of the services used here that change nothing. */
const reading = /^(Describe|Get|List|Head)/;

/**
 * Lets the calls of a client wait for a broken connection, and sends the same command again when it is back, as the SDK's own retries
 * do. They count as attempts of the same call, so that whoever looks for a first attempt whose answer was lost finds it.
 * @param probe A cheap call of the same service that nothing else makes, and the name of its operation.
 * @param guarded Whether changes need the run's lock; the ledger's own writes do not, as the lock is one of them.
 */
export function reconnect(
  client: ReconnectedClient,
  connection: Connection,
  probe: { operation: string; send: () => Promise<unknown> },
  { guarded = true }: { guarded?: boolean } = {},
): void {
  let renewing = false;
  const service: RemoteService = {
    outageOf,
    async probe() {
      try {
        // A login that was renewed meanwhile is not noticed as long as the SDK remembers the old one.
        if (renewing) await client.config.credentials?.({ forceRefresh: true });
        await probe.send();
        return undefined;
      } catch (error) {
        const outage = outageOf(causeOf(error));
        renewing = outage?.kind === 'credentials';
        return outage;
      }
    },
  };
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<unknown>, { commandName = '' }: { commandName?: string }) => {
      const operation = commandName.replace(/Command$/, '');
      return (args: unknown) => {
        if (operation === probe.operation) return next(args);
        let attempts = 0;
        const send = async () => {
          try {
            return await next(args);
          } catch (error) {
            attempts = countAttempts(error, attempts);
            throw error;
          }
        };
        return connection.call(service, send, { changes: guarded && !reading.test(operation) });
      };
    },
    { step: 'initialize', name: 'reconnect' },
  );
  if (!guarded) return;
  // Behind the SDK's own retries: between two attempts, minutes may pass and the lock be lost.
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<unknown>, { commandName = '' }: { commandName?: string }) =>
      async (args: unknown) => {
        if (!reading.test(commandName)) await connection.confirm();
        return next(args);
      },
    { step: 'finalizeRequest', name: 'confirmLock', priority: 'low' },
  );
}

/** The SDK's error: a probe comes back through the whole client, which wraps it. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

/** Adds attempts of earlier calls to those that an error tells of; returns the sum. */
function countAttempts(error: unknown, earlier: number): number {
  const { $metadata } = (error ?? {}) as { $metadata?: { attempts?: number } };
  const sum = earlier + ($metadata?.attempts ?? 1);
  if ($metadata) $metadata.attempts = sum;
  return sum;
}
