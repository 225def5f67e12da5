import { hostname, userInfo } from 'node:os';
import type { AwsTarget } from '../aws/clients.ts';
import type { Fleet } from '../config/settings.ts';
import { createFileLedger, createLedger, type LedgerOptions } from '../ledger/ledger.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Surroundings } from './surroundings.ts';

/** A ledger and the function that closes its connections. */
export interface OpenLedger {
  ledger: Ledger;
  close(): void;
}

/** Opens the configured ledger of a fleet: a folder, or a bucket in the fleet's cloud. */
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
  // Loaded on demand, as it takes some 100 ms.
  const [{ S3Client }, { createS3Store }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../ledger/s3-store.ts'),
  ]);
  const client = new S3Client(ledgerClientOptions(target, context.env.AWS_ENDPOINT_URL !== undefined));
  const store = createS3Store({ client, bucket, prefix: `${prefix}/${fleet.environment}`, clock: context.clock });
  return { ledger: createLedger(store, options), close: () => client.destroy() };
}

/** A custom endpoint has no host names for buckets, so the bucket is in the path. */
export function ledgerClientOptions(target: AwsTarget, ownEndpoint = target.endpoint !== undefined) {
  return { ...target, forcePathStyle: ownEndpoint || target.endpoint !== undefined };
}
