import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { refusal } from '../behaviour/account.ts';
import { eachWithCloud } from '../clients/support.ts';
import { type JsonAnswer, secretsManager } from '../secretsmanager/client.ts';
import { allowing, iam, trusting } from './client.ts';

describe('what a role may do', () => {
  const visit = eachWithCloud('permissions');
  const root = `arn:aws:iam::${account.id}:root`;
  const config = (credentials: object = visit.cloud.credentials) => {
    const { endpoint, region } = visit.cloud;
    return { endpoint, region, credentials: { ...visit.cloud.credentials, ...credentials }, maxAttempts: 1 };
  };
  /** Credentials of a new role with this policy. */
  const takeRole = async (RoleName: string, policy?: string) => {
    await iam(visit.cloud, 'CreateRole', { RoleName, AssumeRolePolicyDocument: trusting({ AWS: root }) });
    if (policy) await iam(visit.cloud, 'PutRolePolicy', { RoleName, PolicyName: 'own', PolicyDocument: policy });
    const RoleArn = `arn:aws:iam::${account.id}:role/${RoleName}`;
    const { Credentials } = await new STSClient(config()).send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }),
    );
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
  };

  it('IAM-PRM-01 in Parameter Store is what its policies allow', async () => {
    const root = new SSMClient(config());
    for (const Name of ['/shop/a', '/other/a'])
      await root.send(new PutParameterCommand({ Name, Value: 'x', Type: 'String' }));
    const below = 'arn:aws:ssm:eu-west-1:000000000000:parameter/shop';
    const ssm = new SSMClient(config(await takeRole('web', allowing(['ssm:GetParameter*'], [`${below}/*`, below]))));
    const get = (Name: string) => refusal(ssm.send(new GetParameterCommand({ Name })));
    expect([await get('/shop/a'), await get('/shop/none'), await get('/other/a')]).toEqual([
      ...['none', 'ParameterNotFound', 'AccessDeniedException'],
    ]);
    expect(await get('/shop/a:1')).toBe('none');
    expect(await get('arn:aws:ssm:eu-west-1:000000000000:parameter/other/a')).toBe('AccessDeniedException');
    expect(await refusal(ssm.send(new GetParametersCommand({ Names: ['/shop/a', '/other/a'] })))).toBe(
      'AccessDeniedException',
    );
    expect(await refusal(ssm.send(new GetParametersByPathCommand({ Path: '/shop' })))).toBe('none');
    expect(await refusal(ssm.send(new GetParametersByPathCommand({ Path: '/' })))).toBe('AccessDeniedException');
    const put = new PutParameterCommand({ Name: '/shop/b', Value: 'x', Type: 'String' });
    expect(await refusal(ssm.send(put))).toBe('AccessDeniedException');
    // Denied is denied, whatever else allows it.
    const deny = allowing('ssm:GetParameter').replace('Allow', 'Deny');
    await iam(visit.cloud, 'PutRolePolicy', { RoleName: 'web', PolicyName: 'deny', PolicyDocument: deny });
    expect(await get('/shop/a')).toBe('AccessDeniedException');
  });

  it('IAM-PRM-02 in Secrets Manager is what its policies allow, secret by secret', async () => {
    for (const Name of ['shop/a', 'other/a'])
      await secretsManager(visit.cloud, 'CreateSecret', { Name, SecretString: 'x' });
    const mine = 'arn:aws:secretsmanager:*:*:secret:shop/*';
    const statement = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
    const Statement = [
      statement('secretsmanager:GetSecretValue', mine),
      statement('secretsmanager:BatchGetSecretValue', '*'),
    ];
    const keys = await takeRole('web', JSON.stringify({ Version: '2012-10-17', Statement }));
    const send = (operation: string, input: object) =>
      secretsManager({ ...visit.cloud, ...config(keys) }, operation, input);
    expect((await send('GetSecretValue', { SecretId: 'shop/a' })).SecretString).toBe('x');
    expect((await send('GetSecretValue', { SecretId: 'other/a' })).code).toBe('AccessDeniedException');
    expect((await send('PutSecretValue', { SecretId: 'shop/a', SecretString: 'y' })).code).toBe(
      'AccessDeniedException',
    );
    const { SecretValues, Errors } = await send('BatchGetSecretValue', { SecretIdList: ['shop/a', 'other/a'] });
    expect(SecretValues.map((one: JsonAnswer) => one.Name)).toEqual(['shop/a']);
    expect(Errors).toMatchObject([{ SecretId: 'other/a', ErrorCode: 'AccessDeniedException' }]);
  });

  it('IAM-PRM-03 elsewhere is what the account may do, and nothing of secrets without a policy', async () => {
    const keys = await takeRole('bare');
    expect(await refusal(new EC2Client(config(keys)).send(new DescribeInstancesCommand({})))).toBe('none');
    const get = () => refusal(new SSMClient(config(keys)).send(new GetParameterCommand({ Name: '/a' })));
    expect(await get()).toBe('AccessDeniedException');
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore';
    await iam(visit.cloud, 'AttachRolePolicy', { RoleName: 'bare', PolicyArn });
    expect(await get()).toBe('ParameterNotFound');
    const own = await iam(visit.cloud, 'CreatePolicy', {
      PolicyName: 'no',
      PolicyDocument: allowing('ssm:*').replace('Allow', 'Deny'),
    });
    await iam(visit.cloud, 'AttachRolePolicy', { RoleName: 'bare', PolicyArn: own.value('Arn') ?? '' });
    expect(await get()).toBe('AccessDeniedException');
  });
});
