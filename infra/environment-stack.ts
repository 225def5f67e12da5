import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Fleet } from '../src/config/settings.ts';
import { createNetwork, type Network, namedNetwork } from './network.ts';

/** How long the older versions of the ledger's records are kept, in days. */
const olderVersionsDays = 90;

/** What the fleets of an environment share: the ledger's bucket, and a network where a fleet names none. */
export class EnvironmentStack extends Stack {
  /** The network for fleets that name none. */
  readonly network?: Network;

  constructor(scope: Construct, id: string, props: StackProps & { environment: string; fleets: Fleet[] }) {
    super(scope, id, props);
    const { environment, fleets } = props;
    if (fleets.some((fleet) => !namedNetwork(fleet))) this.network = createNetwork(this, environment);
    const buckets = fleets.flatMap(({ ledger }) => (ledger.type === 's3' && ledger.bucket ? ledger.bucket : []));
    for (const [index, name] of [...new Set(buckets)].entries())
      this.ledger(index === 0 ? 'Ledger' : `Ledger${index}`, name);
  }

  /** Versioned, private, over TLS only, and never deleted with the stack: it is the team's memory. */
  private ledger(id: string, bucketName: string): void {
    new Bucket(this, id, {
      bucketName,
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(olderVersionsDays) }],
    });
  }
}
