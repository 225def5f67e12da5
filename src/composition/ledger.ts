import { type AwsTarget, requestLimits } from '../aws/clients.ts';
import { reconnect } from '../aws/reconnect.ts';
import type { Fleet } from '../config/settings.ts';
import type { Connection } from '../engine/connection.ts';
import { createFileLedger, createLedger, type LedgerOptions } from '../ledger/ledger.ts';
import type { Ledger } from '../ledger/types.ts';
import { type Surroundings, whoWorks } from './surroundings.ts';

/** A ledger and the function that closes its connections. */
export interface OpenLedger {
  ledger: Ledger;
  close(): void;
}

/**
 * Opens the configured ledger of a fleet: a folder, or a bucket in the fleet's cloud.
 * @param connection What waits for a broken connection to the bucket; without it calls fail at once.
 */
export async function openLedger(
  context: Surroundings,
  fleet: Fleet,
  target: AwsTarget,
  connection?: Connection,
): Promise<OpenLedger> {
  const options: LedgerOptions = {
    environment: fleet.environment,
    clock: context.clock,
    identity: whoWorks(context),
  };
  const { type, path, bucket, prefix } = fleet.ledger;
  if (type === 'files' || bucket === undefined) {
    return { ledger: createFileLedger({ dir: path, ...options }), close: () => {} };
  }
  // Loaded on demand, as it takes some 100 ms.
  const [{ HeadBucketCommand, S3Client }, { createS3Store }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../ledger/s3-store.ts'),
  ]);
  const client = new S3Client(ledgerClientOptions(target, Boolean(context.env.AWS_ENDPOINT_URL)));
  if (connection) {
    const send = () => client.send(new HeadBucketCommand({ Bucket: bucket }));
    // The lock is one of its records.
    reconnect(client, connection, { operation: 'HeadBucket', send }, { guarded: false });
  }
  const store = createS3Store({ client, bucket, prefix: `${prefix}/${fleet.environment}`, clock: context.clock });
  return { ledger: createLedger(store, options), close: () => client.destroy() };
}

/** A custom endpoint has no host names for buckets, so the bucket is in the path. */
export function ledgerClientOptions(target: AwsTarget, ownEndpoint = target.endpoint !== undefined) {
  return { ...target, requestHandler: requestLimits, forcePathStyle: ownEndpoint || target.endpoint !== undefined };
}
