import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { DescribeParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { Sessions } from '../../src/sts/sessions.ts';
import { refusal } from '../behaviour/account.ts';
import { eachWithCloud } from '../clients/support.ts';
import { allowing, iam, trusting, trustingEc2 } from '../iam/client.ts';
import { presignS3 } from '../s3/support/sign.ts';

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

describe('temporary credentials', () => {
  const visit = eachWithCloud('sessions');
  const config = (credentials: Keys) => {
    const { endpoint, region } = visit.cloud;
    return { endpoint, region, credentials: { ...credentials }, maxAttempts: 1 };
  };
  const sts = (credentials: Keys = visit.cloud.credentials) => new STSClient(config(credentials));
  const makeRole = (RoleName: string, trust = trusting({ AWS: `arn:aws:iam::${account.id}:root` })) =>
    iam(visit.cloud, 'CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
  const assume = async (name: string, more: object = {}, as?: Keys): Promise<Keys & { expiration?: Date }> => {
    const RoleArn = `arn:aws:iam::${account.id}:role/${name}`;
    const { Credentials } = await sts(as).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'deploy', ...more }));
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken,
      expiration: Credentials?.Expiration,
    };
  };
  /** What each service says to these credentials. */
  const everywhere = async (keys: Keys) => ({
    ec2: await refusal(new EC2Client(config(keys)).send(new DescribeInstancesCommand({}))),
    asg: await refusal(new AutoScalingClient(config(keys)).send(new DescribeAutoScalingGroupsCommand({}))),
    elb: await refusal(new ElasticLoadBalancingV2Client(config(keys)).send(new DescribeLoadBalancersCommand({}))),
    cloudwatch: await refusal(new CloudWatchClient(config(keys)).send(new DescribeAlarmsCommand({}))),
    s3: await refusal(new S3Client(config(keys)).send(new ListBucketsCommand({}))),
    ssm: await refusal(new SSMClient(config(keys)).send(new DescribeParametersCommand({}))),
    sts: await refusal(sts(keys).send(new GetCallerIdentityCommand({}))),
    quotas: await refusal(
      new ServiceQuotasClient(config(keys)).send(
        new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' }),
      ),
    ),
  });

  it("STS-SES-01 of a role are good for every service, and are the role's", async () => {
    await makeRole('deployer');
    await iam(visit.cloud, 'PutRolePolicy', { RoleName: 'deployer', PolicyName: 'all', PolicyDocument: allowing('*') });
    const keys = await assume('deployer', { DurationSeconds: 900 });
    expect(keys.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect((keys.expiration?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(900_000);
    expect(new Set(Object.values(await everywhere(keys)))).toEqual(new Set(['none']));
    expect(await sts(keys).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: account.id,
      Arn: `arn:aws:sts::${account.id}:assumed-role/deployer/deploy`,
      UserId: expect.stringMatching(/^AROA\w{17}:deploy$/),
    });
    const { endpoint } = visit.cloud;
    const signing = { url: '/none/x', host: new URL(endpoint).host, at: Date.now(), seconds: 60 };
    const presigned = async (as: Keys) => (await fetch(`${endpoint}${presignS3({ ...signing, keys: as })}`)).text();
    expect(await presigned(keys)).toContain('NoSuchBucket');
    expect(await presigned({ ...keys, sessionToken: 'made-up' })).toContain('InvalidToken');
    expect(visit.cloud.calls.report({ service: 'ec2' }).calls.at(-1)?.accessKeyId).toBe(keys.accessKeyId);
    expect(JSON.stringify(visit.cloud.calls.report())).not.toContain(keys.sessionToken);
  });

  it('STS-SES-02 with a wrong token, without it, or of a role that is gone, are not known', async () => {
    const unknown = {
      ...{ ec2: 'AuthFailure', asg: 'InvalidClientTokenId', elb: 'InvalidClientTokenId', s3: 'InvalidToken' },
      ...{ cloudwatch: 'InvalidClientTokenId', ssm: 'UnrecognizedClientException', sts: 'InvalidClientTokenId' },
      quotas: 'InvalidClientTokenId',
    };
    await makeRole('deployer');
    const keys = await assume('deployer');
    const other = await assume('deployer');
    expect(await everywhere({ ...keys, sessionToken: 'made-up' })).toEqual(unknown);
    expect(await everywhere({ ...keys, sessionToken: other.sessionToken })).toEqual(unknown);
    expect(await everywhere({ ...visit.cloud.credentials, sessionToken: keys.sessionToken })).toEqual(unknown);
    expect(await everywhere({ ...keys, sessionToken: undefined })).toEqual({ ...unknown, s3: 'InvalidAccessKeyId' });
    const changed = `${keys.sessionToken?.slice(0, -1)}${keys.sessionToken?.endsWith('A') ? 'E' : 'A'}`;
    expect((await everywhere({ ...keys, sessionToken: changed })).sts).toBe('InvalidClientTokenId');
    expect((await everywhere({ ...keys, secretAccessKey: other.secretAccessKey })).sts).toBe('SignatureDoesNotMatch');
    await iam(visit.cloud, 'DeleteRole', { RoleName: 'deployer' });
    expect(await everywhere(keys)).toEqual(unknown);
    // A role of the same name is another one.
    await makeRole('deployer');
    expect((await everywhere(keys)).sts).toBe('InvalidClientTokenId');
  });

  it("STS-SES-03 after their time are refused as expired, in each service's words", async () => {
    const sessions = new Sessions(visit.cloud.credentials.secretAccessKey, () => true);
    const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({ seconds: 900, now: Date.now() - 901_000 });
    expect(await everywhere({ accessKeyId, secretAccessKey, sessionToken })).toEqual({
      ...{ ec2: 'RequestExpired', asg: 'ExpiredToken', elb: 'ExpiredToken', cloudwatch: 'ExpiredToken' },
      ...{ s3: 'ExpiredToken', ssm: 'ExpiredTokenException', sts: 'ExpiredToken', quotas: 'ExpiredToken' },
    });
  });

  it('STS-SES-04 of a role are for those whom its trust policy names, and no longer than it allows', async () => {
    await makeRole('deployer');
    await makeRole('instance', trustingEc2);
    const role = (await iam(visit.cloud, 'GetRole', { RoleName: 'deployer' })).value('Arn') ?? '';
    await makeRole('chained', trusting({ AWS: role }));
    expect(await refusal(assume('instance'))).toBe('AccessDenied');
    expect(await refusal(assume('none'))).toBe('AccessDenied');
    expect(await refusal(assume('chained'))).toBe('AccessDenied');
    const keys = await assume('deployer');
    expect(await refusal(assume('chained', {}, keys))).toBe('none');
    expect(await refusal(assume('deployer', {}, keys))).toBe('AccessDenied');
    expect(await refusal(assume('deployer', { DurationSeconds: 3601 }))).toBe('ValidationError');
    expect(await refusal(assume('deployer', { DurationSeconds: 899 }))).toBe('ValidationError');
    expect(await refusal(assume('deployer', { RoleSessionName: 'a b' }))).toBe('ValidationError');
    await iam(visit.cloud, 'UpdateRole', { RoleName: 'deployer', MaxSessionDuration: '7200' });
    expect(await refusal(assume('deployer', { DurationSeconds: 7200 }))).toBe('none');
  });

  it("STS-SES-05 of the account itself are the account's, for an hour, and make no others", async () => {
    const { Credentials } = await sts().send(new GetSessionTokenCommand({ DurationSeconds: 7200 }));
    expect((Credentials?.Expiration?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(3_600_000);
    const keys = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken,
    };
    expect((await sts(keys).send(new GetCallerIdentityCommand({}))).Arn).toBe(`arn:aws:iam::${account.id}:root`);
    expect(await refusal(sts(keys).send(new GetSessionTokenCommand({})))).toBe('AccessDenied');
  });
});
