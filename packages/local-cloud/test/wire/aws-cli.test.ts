import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloudError } from '../../src/wire/handler.ts';
import { credentials, region, startWire, type TestWire } from './support/start-wire.ts';

const aws = '/usr/bin/aws';
const withoutCli = existsSync(aws) ? '' : " (skipped: needs Debian's awscli, npm run setup -- --with-tests)";

/** Debian's client has its own idea of the protocols (botocore), older than the SDK's. */
describe.skipIf(withoutCli !== '')(`Debian's aws${withoutCli}`, () => {
  let wire: TestWire;
  let home: string;
  let input: unknown;
  const created = new Date('2026-01-02T03:04:05.678Z');

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'wire-cli-'));
    const keep = (answer: unknown) => (received: unknown) => {
      input = received;
      return answer;
    };
    wire = await startWire({
      ec2: {
        DescribeInstances: ({ NextToken }: { NextToken?: string }) =>
          NextToken
            ? { Reservations: [{ ReservationId: 'r-2', Instances: [] }] }
            : {
                Reservations: [{ ReservationId: 'r-1', Instances: [{ InstanceId: 'i-1', LaunchTime: created }] }],
                NextToken: 'two',
              },
        RunInstances: keep({
          ReservationId: 'r-3',
          Instances: [{ InstanceId: 'i-3', Tags: [{ Key: 'a', Value: '<&> ü' }] }],
        }),
        ImportKeyPair: keep({ KeyName: 'k', KeyFingerprint: 'aa:bb' }),
        RebootInstances: keep(undefined),
        DescribeImages: () => {
          throw new CloudError('InvalidAMIID.NotFound', "The image id '[ami-1]' does not exist");
        },
      },
      autoscaling: {
        CreateAutoScalingGroup: keep(undefined),
        DescribeAutoScalingGroups: keep({
          AutoScalingGroups: [
            {
              AutoScalingGroupName: 'api',
              MinSize: 0,
              MaxSize: 1,
              DesiredCapacity: 0,
              DefaultCooldown: 300,
              AvailabilityZones: ['eu-west-1a'],
              HealthCheckType: 'EC2',
              CreatedTime: created,
              Instances: [],
            },
          ],
        }),
        DeleteAutoScalingGroup: () => {
          throw new CloudError('ScalingActivityInProgress', 'There are activities in progress');
        },
      },
      elasticloadbalancing: { DescribeTargetHealth: keep({ TargetHealthDescriptions: [] }) },
    });
  });
  afterAll(async () => {
    await wire.close();
    await rm(home, { recursive: true });
  });

  /** Runs the client; its standard output as JSON where it has one, and its complaint. */
  async function run(args: string[], secret = credentials.secretAccessKey) {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_DEFAULT_REGION: region,
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const argv = ['--endpoint-url', wire.endpoint, '--output', 'json', ...args];
    const { stdout, stderr } = await execa(aws, argv, { env, extendEnv: false, reject: false });
    return { out: stdout === '' ? undefined : JSON.parse(stdout), error: stderr };
  }

  it('reads instances, over pages', async () => {
    const { out, error } = await run(['ec2', 'describe-instances']);
    expect(error).toBe('');
    expect(out.Reservations).toEqual([
      { ReservationId: 'r-1', Instances: [{ InstanceId: 'i-1', LaunchTime: '2026-01-02T03:04:05.678000+00:00' }] },
      { ReservationId: 'r-2', Instances: [] },
    ]);
  }, 60_000);

  it('starts instances with the given options', async () => {
    const tags = 'ResourceType=instance,Tags=[{Key=a,Value=<&> ü}]';
    const { out, error } = await run([
      'ec2',
      'run-instances',
      '--image-id',
      'ami-1',
      '--count',
      '2',
      '--user-data',
      '#!/bin/sh',
      '--tag-specifications',
      tags,
    ]);
    expect(error).toBe('');
    expect(out.Instances[0].Tags).toEqual([{ Key: 'a', Value: '<&> ü' }]);
    expect(input).toMatchObject({
      ImageId: 'ami-1',
      MinCount: 2,
      MaxCount: 2,
      UserData: Buffer.from('#!/bin/sh').toString('base64'),
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: '<&> ü' }] }],
    });
  }, 60_000);

  it('sends bytes, and understands an answer without output', async () => {
    const key = Buffer.from('ssh-ed25519 AAA').toString('base64');
    expect((await run(['ec2', 'import-key-pair', '--key-name', 'k', '--public-key-material', key])).out.KeyName).toBe(
      'k',
    );
    expect(Buffer.from((input as { PublicKeyMaterial: Uint8Array }).PublicKeyMaterial).toString()).toBe(
      'ssh-ed25519 AAA',
    );
    expect(await run(['ec2', 'reboot-instances', '--instance-ids', 'i-1'])).toEqual({ out: undefined, error: '' });
    expect(input).toEqual({ InstanceIds: ['i-1'] });
  }, 60_000);

  it('speaks to Auto Scaling and the load balancers', async () => {
    const argv = [
      'autoscaling',
      'create-auto-scaling-group',
      '--auto-scaling-group-name',
      'api',
      '--min-size',
      '0',
      '--max-size',
      '1',
    ];
    const more = [
      '--launch-template',
      'LaunchTemplateId=lt-1,Version=1',
      '--tags',
      'Key=App,Value=api,PropagateAtLaunch=true',
    ];
    expect((await run([...argv, ...more])).error).toBe('');
    expect(input).toEqual({
      AutoScalingGroupName: 'api',
      MinSize: 0,
      MaxSize: 1,
      LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '1' },
      Tags: [{ Key: 'App', Value: 'api', PropagateAtLaunch: true }],
    });
    const groups = await run(['autoscaling', 'describe-auto-scaling-groups', '--auto-scaling-group-names', 'api']);
    expect(groups.out.AutoScalingGroups[0]).toMatchObject({ AutoScalingGroupName: 'api', MinSize: 0, Instances: [] });
    const health = await run(['elbv2', 'describe-target-health', '--target-group-arn', 'arn:1']);
    expect(health).toEqual({ out: { TargetHealthDescriptions: [] }, error: '' });
  }, 60_000);

  it('shows refusals with their codes', async () => {
    const { error } = await run(['ec2', 'describe-images', '--image-ids', 'ami-1']);
    expect(error).toContain('An error occurred (InvalidAMIID.NotFound) when calling the DescribeImages operation');
    expect(error).toContain("The image id '[ami-1]' does not exist");
    const group = ['autoscaling', 'delete-auto-scaling-group', '--auto-scaling-group-name', 'api'];
    expect((await run(group)).error).toContain('(ScalingActivityInProgress)');
    expect((await run(['ec2', 'reboot-instances', '--instance-ids', 'i-1', '--dry-run'])).error).toContain(
      '(DryRunOperation)',
    );
    expect((await run(['ec2', 'describe-regions'])).error).toContain('(InvalidAction)');
    expect((await run(['ec2', 'describe-instances'], 'wrong')).error).toContain('(SignatureDoesNotMatch)');
  }, 120_000);
});
