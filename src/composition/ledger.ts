import { hostname, userInfo } from 'node:os';
import type { AwsTarget } from '../aws/clients.ts';
import type { Fleet } from '../config/settings.ts';
import { createFileLedger, createLedger, type LedgerOptions } from '../ledger/ledger.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Surroundings } from './surroundings.ts';

/** A ledger and the end of its connections. */
export interface OpenLedger {
  ledger: Ledger;
  close(): void;
}

/** Opens the ledger of a fleet where its configuration says: a folder, or a bucket in the fleet's cloud. */
export async function openLedger(context: Surroundings, fleet: Fleet, target: AwsTarget): Promise<OpenLedger> {
  const options: LedgerOptions = {
    environment: fleet.environment,
    clock: context.clock,
    identity: { owner: context.env.PIPELINE_USER ?? userInfo().username, host: hostname() },
  };
  const { type, path, bucket, prefix } = fleet.ledger;
  if (type === 'files' || bucket === undefined) {
    return { ledger: createFileLedger({ dir: path, ...options }), close: () => {} };
  }
  // Some 100 ms to load, which only those who keep their ledger there pay.
  const [{ S3Client }, { createS3Store }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../ledger/s3-store.ts'),
  ]);
  const client = new S3Client(ledgerClientOptions(target, context.env.AWS_ENDPOINT_URL !== undefined));
  const store = createS3Store({ client, bucket, prefix: `${prefix}/${fleet.environment}`, clock: context.clock });
  return { ledger: createLedger(store, options), close: () => client.destroy() };
}

/** An endpoint of one's own has no names for single buckets, so the bucket goes into the path there. */
export function ledgerClientOptions(target: AwsTarget, ownEndpoint = target.endpoint !== undefined) {
  return { ...target, forcePathStyle: ownEndpoint || target.endpoint !== undefined };
}
