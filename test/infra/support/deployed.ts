import { DescribeImagesCommand, DescribeSubnetsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import type { Template } from 'aws-cdk-lib/assertions';
import { expect, vi } from 'vitest';
import { loadFleet } from '../../../src/config/load.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { Simulated } from '../../support/simulated.ts';
import { CloudFormation } from './cloudformation.ts';
import { synthesise } from './synth.ts';

/** A fleet of the local cloud that was made from the synthesised stack, for the product's own operations to work on. */
export interface Deployed {
  world: Simulated;
  cloudFormation: CloudFormation;
  /** What the stack is with these changes of the configuration. */
  stack(change?: (fleet: Fleet) => Fleet): Template;
  /** Releases what the project is now; it must be done. */
  release(): Promise<void>;
}

/** CloudFormation refuses health checks that are quicker. */
const quickestOnAws: [string, string] = [
  'intervalSeconds: 1, timeoutSeconds: 1',
  'intervalSeconds: 5, timeoutSeconds: 2',
];

/**
 * @param edits Replacements in the project's `pipelines/api.ts`.
 * @param first Changes of the configuration for the first deploy.
 */
export async function deployedFleet(
  edits: readonly [from: string, to: string][] = [],
  first?: (fleet: Fleet) => Fleet,
): Promise<Deployed> {
  let made: Pick<Deployed, 'cloudFormation' | 'stack'> | undefined;
  const world = await Simulated.create([...edits, quickestOnAws], {
    wire: true,
    async provision({ projectDir, cloud, clients: aws }) {
      const { endpoint, region, accessKeyId, secretAccessKey } = cloud;
      // Where the function of the stack finds its cloud, as every function of Lambda does.
      vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
      vi.stubEnv('AWS_REGION', region);
      vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
      const loaded = await loadFleet({ projectDir, app: 'api', environment: 'local' });
      const [{ Subnets = [] }, { Images }] = await Promise.all([
        aws.ec2.send(new DescribeSubnetsCommand({})),
        aws.ec2.send(new DescribeImagesCommand({ Filters: [{ Name: 'name', Values: ['golden-base-*'] }] })),
      ]);
      // A key that nobody has: simulated instances let everybody in.
      const publicKey = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString('base64')}`;
      await aws.ec2.send(
        new ImportKeyPairCommand({
          KeyName: loaded.instance.keyName,
          PublicKeyMaterial: Buffer.from(publicKey),
        }),
      );
      const fleet: Fleet = {
        ...loaded,
        instance: { ...loaded.instance, subnetIds: Subnets.flatMap((one) => one.SubnetId ?? []) },
        infrastructure: { ...loaded.infrastructure, vpcId: Subnets[0]?.VpcId },
      };
      const cloudFormation = new CloudFormation(aws, { BaseImage: Images?.[0]?.ImageId ?? '' });
      const stack: Deployed['stack'] = (change = (same) => same) => synthesise(change(fleet))('api-local');
      await cloudFormation.deploy(stack(first));
      made = { cloudFormation, stack };
    },
  });
  if (!made) throw new Error('nothing was deployed');
  const release = async () => {
    const { error, outcome } = await world.run(await planRelease(world.services, world.clock, {}));
    expect({ error, outcome }).toEqual({ error: undefined, outcome: 'done' });
  };
  return { world, ...made, release };
}
