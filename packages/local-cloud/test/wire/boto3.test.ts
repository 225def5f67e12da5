import { debianPython, withoutBoto3 } from '@golden-pipeline/shared/testing/debian-python';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloudError } from '../../src/wire/handler.ts';
import { credentials, region, startWire, type TestWire } from './support/start-wire.ts';

/** Prints what boto3 reads, as JSON. */
const script = `
import boto3, json, sys
from botocore.exceptions import ClientError
args = dict(endpoint_url=sys.argv[1], region_name=sys.argv[2],
            aws_access_key_id=sys.argv[3], aws_secret_access_key=sys.argv[4])
ec2, asg, elb = (boto3.client(name, **args) for name in ('ec2', 'autoscaling', 'elbv2'))
out = {}
pages = ec2.get_paginator('describe_instances').paginate(Filters=[{'Name': 'tag:a', 'Values': ['', 'ü&=']}])
out['instances'] = [r['ReservationId'] for page in pages for r in page['Reservations']]
ec2.import_key_pair(KeyName='k', PublicKeyMaterial=b'ssh-ed25519 AAA')
out['refresh'] = asg.start_instance_refresh(AutoScalingGroupName='api',
    Preferences={'CheckpointPercentages': [50, 100], 'SkipMatching': False})['InstanceRefreshId']
out['health'] = elb.describe_target_health(TargetGroupArn='arn:1')['TargetHealthDescriptions']
try:
    asg.delete_auto_scaling_group(AutoScalingGroupName='api')
except asg.exceptions.ResourceInUseFault as error:
    out['error'] = error.response['Error']
try:
    ec2.reboot_instances(InstanceIds=['i-1'], DryRun=True)
except ClientError as error:
    out['dry'] = error.response['Error']['Code']
print(json.dumps(out))
`;

describe.skipIf(withoutBoto3 !== '')(`boto3${withoutBoto3}`, () => {
  let wire: TestWire;
  const inputs: Record<string, unknown> = {};

  beforeAll(async () => {
    const keep = (name: string, answer: unknown) => (input: unknown) => {
      inputs[name] = input;
      return answer;
    };
    wire = await startWire({
      ec2: {
        DescribeInstances: (input: { NextToken?: string }) => {
          inputs.filters ??= input;
          return input.NextToken
            ? { Reservations: [{ ReservationId: 'r-2' }] }
            : { Reservations: [{ ReservationId: 'r-1' }], NextToken: 'two' };
        },
        ImportKeyPair: keep('key', { KeyName: 'k' }),
        RebootInstances: keep('reboot', undefined),
      },
      autoscaling: {
        StartInstanceRefresh: keep('refresh', { InstanceRefreshId: 'refresh-1' }),
        DeleteAutoScalingGroup: () => {
          throw new CloudError('ResourceInUse', 'it has instances');
        },
      },
      elasticloadbalancing: { DescribeTargetHealth: keep('health', { TargetHealthDescriptions: [] }) },
    });
  });
  afterAll(() => wire.close());

  it('reads and is read', async () => {
    const { accessKeyId, secretAccessKey } = credentials;
    const argv = ['-c', script, wire.endpoint, region, accessKeyId, secretAccessKey];
    const { stdout } = await execa(debianPython, argv, {
      env: { AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1' },
    });
    expect(JSON.parse(stdout)).toEqual({
      instances: ['r-1', 'r-2'],
      refresh: 'refresh-1',
      health: [],
      error: { Type: 'Sender', Code: 'ResourceInUse', Message: 'it has instances' },
      dry: 'DryRunOperation',
    });
    expect(inputs.filters).toEqual({ Filters: [{ Name: 'tag:a', Values: ['', 'ü&='] }] });
    expect(Buffer.from((inputs.key as { PublicKeyMaterial: Uint8Array }).PublicKeyMaterial).toString()).toBe(
      'ssh-ed25519 AAA',
    );
    expect(inputs.refresh).toEqual({
      AutoScalingGroupName: 'api',
      Preferences: { CheckpointPercentages: [50, 100], SkipMatching: false },
    });
    expect(inputs.reboot).toBeUndefined();
  }, 60_000);
});
