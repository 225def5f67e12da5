import { describe, expect, it } from 'vitest';
import { awsFleet, synthesise } from './support/synth.ts';

const github = { repository: 'shop/api' };
const roleOf = (settings: Record<string, unknown>, infrastructure: Record<string, unknown>) => {
  const template = synthesise(awsFleet({ ...settings, infrastructure }))('api-production');
  const roles = Object.values(template.findResources('AWS::IAM::Role'));
  return roles.find((role) => role.Properties.RoleName === 'api-production-deploy')?.Properties;
};
const providerArn = (host: string) => ({
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, `:oidc-provider/${host}`]],
});

describe('the deploy role', () => {
  it('trusts jobs of one repository in one environment of GitHub, and nobody else of GitHub', () => {
    const role = roleOf({}, { github });
    expect(role?.AssumeRolePolicyDocument.Statement).toEqual([
      expect.objectContaining({ Action: 'sts:AssumeRole' }),
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRoleWithWebIdentity',
        Principal: { Federated: providerArn('token.actions.githubusercontent.com') },
        Condition: {
          StringEquals: {
            'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
            'token.actions.githubusercontent.com:sub': 'repo:shop/api:environment:production',
          },
        },
      },
    ]);
    expect(role?.MaxSessionDuration).toBe(4 * 3600);
  });

  it('trusts jobs of one protected branch of a project of GitLab', () => {
    const role = roleOf({}, { gitlab: { project: 'shop/backend/api', host: 'git.example.org' } });
    expect(role?.AssumeRolePolicyDocument.Statement[1]).toMatchObject({
      Principal: { Federated: providerArn('git.example.org') },
      Condition: {
        StringEquals: {
          'git.example.org:aud': 'https://git.example.org',
          'git.example.org:sub': 'project_path:shop/backend/api:ref_type:branch:ref:main',
        },
      },
    });
  });

  it('is assumed in another environment of GitHub where one is named, and by the named principals beside it', () => {
    const deployPrincipals = ['arn:aws:iam::123456789012:role/team'];
    const role = roleOf({}, { github: { ...github, environment: 'live' }, deployPrincipals });
    const [team, jobs] = role?.AssumeRolePolicyDocument.Statement ?? [];
    expect(team.Principal).toEqual({ AWS: 'arn:aws:iam::123456789012:role/team' });
    expect(JSON.stringify(jobs.Condition)).toContain('repo:shop/api:environment:live');
  });

  it('trusts no identity provider unless a job is configured', () => {
    const role = roleOf({}, {});
    expect(JSON.stringify(role?.AssumeRolePolicyDocument)).not.toContain('oidc-provider');
    expect(role?.MaxSessionDuration).toBeUndefined();
  });
});

describe('the identity provider', () => {
  const network = { vpcId: 'vpc-0123abcd' };
  const instance = { subnetIds: ['subnet-0123abcd', 'subnet-0123abce'] };

  it('is created once by the stack of the environment where that is requested', () => {
    const infrastructure = { ...network, github: { ...github, createProvider: true } };
    const fleets = ['api', 'web'].map((app) => awsFleet({ infrastructure, instance }, app));
    const template = synthesise(...fleets)('golden-pipeline-production');
    template.resourceCountIs('AWS::IAM::OIDCProvider', 1);
    template.hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
  });

  it('is not created unless requested: an account has only one', () => {
    const stacks = synthesise(awsFleet({ infrastructure: { ...network, github }, instance }));
    expect(() => stacks('golden-pipeline-production')).toThrow('no stack');
  });
});

it.each([
  [{ github: { repository: 'shop' } }, "a repository such as 'shop/api'"],
  [{ github: { repository: 'shop/*' } }, "a repository such as 'shop/api'"],
  [{ github: { ...github, environment: 'a:b' } }, "the name of an environment such as 'production'"],
  [{ gitlab: { project: 'shop/api', branch: '*' } }, "the name of a branch such as 'main'"],
])('a subject that would let in others is refused: %j', (infrastructure, expected) => {
  let refused: unknown;
  try {
    awsFleet({ infrastructure });
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({ outcome: 'usage', details: [expect.stringContaining(expected)] });
});
