import path from 'node:path';
import { debianPython, withoutBoto3 } from '@golden-pipeline/shared/testing/debian-python';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { eachWithCloud } from './support.ts';

const visit = eachWithCloud('boto3');

const tour = path.join(import.meta.dirname, 'tour.py');

it.skipIf(withoutBoto3 !== '')(
  `boto3 goes through EC2, load balancers, Auto Scaling and S3 with its waiters and paginators${withoutBoto3}`,
  async () => {
    const { cloud, dir } = visit;
    const { endpoint, region, credentials } = cloud;
    const argv = [tour, endpoint, region, credentials.accessKeyId, credentials.secretAccessKey, account.baseImageId];
    const env = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', HOME: dir };
    const { stdout } = await execa(debianPython, argv, { env, cwd: dir });
    expect(JSON.parse(stdout)).toEqual({
      account: account.id,
      ec2: {
        again: 'InvalidPermission.Duplicate',
        taken: 'InvalidAMIName.Duplicate',
        elsewhere: 'InvalidAMIID.NotFound',
        instances: 7,
        resources: 7,
        versions: [4, 3, 2, 1],
        memory: [1024],
      },
      fleet: {
        rules: ['5', 'default'],
        'second refresh': 'InstanceRefreshInProgress',
        refresh: 'Successful',
        version: '2',
        activities: true,
      },
      s3: { pages: [[0, 1], [2, 3], [4]], metadata: { number: '3' }, missing: 'NoSuchKey', large: true },
    });
  },
  120_000,
);

it.skipIf(withoutBoto3 !== '')(
  `boto3 takes a role, and reads the secrets that its policy allows${withoutBoto3}`,
  async () => {
    const { endpoint, region, credentials } = visit.cloud;
    const program = path.join(import.meta.dirname, 'secrets_tour.py');
    const argv = [program, endpoint, region, credentials.accessKeyId, credentials.secretAccessKey];
    const env = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', HOME: visit.dir };
    const { stdout } = await execa(debianPython, argv, { env, cwd: visit.dir });
    expect(JSON.parse(stdout)).toEqual({
      trust: true,
      profile: ['reader'],
      identity: `arn:aws:sts::${account.id}:assumed-role/reader/boto3`,
      parameters: [['value of /shop/a'], ['value of /shop/b']],
      'foreign parameter': 'AccessDeniedException',
      secret: 'two',
      before: 'one',
      'foreign secret': 'AccessDeniedException',
      bytes: [0, 255],
      listed: ['other/a', 'shop/a'],
      missing: ['ParameterNotFound', 'ResourceNotFoundException', 'NoSuchEntity'],
      'in use': 'DeleteConflict',
    });
  },
  120_000,
);
