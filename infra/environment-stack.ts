import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { ArnPrincipal, CompositePrincipal, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Fleet } from '../src/config/settings.ts';
import { baseBuildPolicy } from './base-build-policy.ts';
import { createProviders } from './ci-trust.ts';
import { createNetwork, type Network, namedNetwork } from './network.ts';

/** How long old versions of the ledger's records are kept, in days. */
const olderVersionsDays = 90;

/**
 * Shared resources of an environment's fleets: the ledger's bucket, a network if a fleet has none configured, the role
 * that builds base images, identity providers of CI jobs.
 */
export class EnvironmentStack extends Stack {
  /** The network for fleets without a configured one. */
  readonly network?: Network;

  constructor(
    scope: Construct,
    id: string,
    props: StackProps & { environment: string; fleets: Fleet[]; ledgers: string[] },
  ) {
    // Its contents cannot be recreated, so the protection must be removed before the stack can be deleted.
    super(scope, id, { ...props, terminationProtection: true });
    const { environment, fleets, ledgers } = props;
    if (fleets.some((fleet) => !namedNetwork(fleet))) this.network = createNetwork(this, environment);
    for (const [index, name] of ledgers.entries()) this.ledger(index === 0 ? 'Ledger' : `Ledger${index}`, name);
    const builders = [...new Set(fleets.flatMap(({ infrastructure }) => infrastructure.baseBuildPrincipals))];
    createProviders(this, fleets);
    if (builders.length > 0) this.baseBuildRole(environment, builders);
  }

  /**
   * The role that a CI job assumes for `pipeline base build`: Packer needs more permissions than a release, but none on
   * fleets.
   */
  private baseBuildRole(environment: string, principals: string[]): void {
    const { partition, region, account } = this;
    const role = new Role(this, 'BaseBuildRole', {
      roleName: `golden-pipeline-${environment}-base-build`,
      description: `Builds base images for ${environment}`,
      assumedBy: new CompositePrincipal(...principals.map((one) => new ArnPrincipal(one))),
      inlinePolicies: {
        packer: PolicyDocument.fromJson({
          Version: '2012-10-17',
          Statement: baseBuildPolicy({ partition, region, account }),
        }),
      },
    });
    new CfnOutput(this, 'BaseBuildRoleArn', { value: role.roleArn });
  }

  /** Versioned, private, over TLS only, and never deleted with the stack: it is the team's record of releases. */
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
