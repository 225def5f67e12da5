import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceReads } from '../../infra/deploy-actions.ts';
import { deployPolicy, type Statement } from '../../infra/deploy-policy.ts';
import { awsFleet } from './support/synth.ts';

const root = path.resolve(import.meta.dirname, '../..');
const place = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '123456789012',
  instanceRoleArn: 'arn:aws:iam::123456789012:role/api',
};
const targets = [
  { to: 'slack', token: 'ssm:/shop/slack-token', channel: '#deploys' },
  { to: 'webhook', url: 'secretsmanager:shop/hook#url', secret: 'env:SIGNING' },
];
const statements = deployPolicy(
  awsFleet({ ledger: { type: 's3', bucket: 'team-ledger' }, notify: { targets } }),
  place,
);
const allowed = new Set(statements.flatMap((one) => one.Action));

/** Prefix of the actions of each client. */
const prefixes: Record<string, string> = {
  'client-ec2': 'ec2',
  'client-auto-scaling': 'autoscaling',
  'client-elastic-load-balancing-v2': 'elasticloadbalancing',
  'client-s3': 's3',
  'client-cloudwatch': 'cloudwatch',
  'client-secrets-manager': 'secretsmanager',
  'client-ssm': 'ssm',
  'client-sts': 'sts',
  'client-service-quotas': 'servicequotas',
};

/** S3's names of permissions are not those of its calls. */
const renamed: Record<string, string> = {
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
};

/** The calls in the code, as actions. The files that make fleets in the local cloud are left out: on AWS CloudFormation does that. */
function calls(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(path.join(root, 'src'), { recursive: true }).map(String)) {
    const file = path.join('src', name);
    if (name.endsWith('.ts') && !name.startsWith('provision/')) {
      const text = readFileSync(path.join(root, file), 'utf8');
      for (const [, list = '', client = ''] of text.matchAll(
        /\{([^{}]*)\} (?:from |= await import\()'@aws-sdk\/(client-[a-z0-9-]+)'/g,
      )) {
        for (const [, first, second] of list.matchAll(/\b(?:([A-Z]\w+)Command|paginate([A-Z]\w+))\b/g)) {
          const action = `${prefixes[client]}:${first ?? second}`;
          found.set(renamed[action] ?? action, file);
        }
      }
      // A module that is loaded whole.
      const [, whole] = /typeof import\('@aws-sdk\/(client-[a-z0-9-]+)'\)/.exec(text) ?? [];
      for (const [, name = ''] of whole ? text.matchAll(/\bsdk\.([A-Z]\w+)Command\b/g) : []) {
        found.set(`${prefixes[whole ?? '']}:${name}`, file);
      }
    }
  }
  return found;
}

describe('the deploy role', () => {
  it('may make every call that the pipeline makes', () => {
    const made = calls();
    expect(made.size).toBeGreaterThan(25);
    expect([...made].filter(([action]) => !allowed.has(action))).toEqual([]);
  });

  it('may change nothing that is not restricted by name or tag', () => {
    const wide = (one: Statement) => [one.Resource].flat().some((arn) => arn === '*');
    const changes = statements.filter((one) => one.Action.some((action) => !/:(Describe|Get|List)/.test(action)));
    expect(changes.filter(wide)).toEqual([]);
    const byTagOnly = changes.filter((one) =>
      [one.Resource].flat().some((arn) => /:(instance|image|snapshot|launch-template)\/\*$/.test(arn)),
    );
    for (const one of byTagOnly.filter((each) => each.Sid !== 'LaunchFromTheTemplate')) {
      expect(one.Condition, one.Sid).toBeDefined();
    }
  });

  it('has the names of this fleet only', () => {
    const resources = statements.flatMap((one) => one.Resource).filter((arn) => arn.includes('elasticloadbalancing'));
    expect(resources).not.toEqual([]);
    for (const arn of resources) expect(arn).toContain('/api-production');
  });

  it('may read the tokens of notifications, by name, and no others', () => {
    const read = statements.filter((one) => one.Sid.startsWith('Notify'));
    expect(read.map(({ Action, Resource }) => [Action[0], Resource])).toEqual([
      ['ssm:GetParameters', ['arn:aws:ssm:eu-west-1:123456789012:parameter/shop/slack-token']],
      ['secretsmanager:GetSecretValue', ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/hook-??????']],
      ['kms:Decrypt', ['arn:aws:kms:eu-west-1:123456789012:key/*']],
    ]);
    const none = deployPolicy(awsFleet(), place);
    expect(none.filter((one) => one.Sid.startsWith('Notify'))).toEqual([]);
  });

  it("may open sessions to the fleet's own instances, for SSH only", () => {
    const sessions = statements.filter((one) => one.Action.includes('ssm:StartSession'));
    expect(sessions.map(({ Resource, Condition }) => ({ Resource, Condition }))).toEqual([
      {
        Resource: ['arn:aws:ec2:eu-west-1:123456789012:instance/*'],
        Condition: {
          StringEquals: {
            'ssm:resourceTag/golden-pipeline:app': 'api',
            'ssm:resourceTag/golden-pipeline:environment': 'production',
          },
          BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' },
        },
      },
      {
        Resource: 'arn:aws:ssm:eu-west-1::document/AWS-StartSSHSession',
        Condition: { BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' } },
      },
    ]);
  });

  it("fits into the 10,240 characters of a role's inline policies, whatever the name of the fleet", () => {
    const wide = deployPolicy(
      awsFleet(
        {
          ledger: { type: 's3', bucket: 'b'.repeat(63), prefix: 'p'.repeat(40) },
          release: {
            strategy: 'blue-green',
            copyRegions: ['us-east-1', 'us-west-2', 'eu-central-1', 'ap-southeast-1'],
          },
        },
        'quite-long-name',
      ),
      { ...place, partition: 'aws-us-gov', instanceRoleArn: `${place.instanceRoleArn}${'x'.repeat(60)}` },
    );
    expect(JSON.stringify({ Version: '2012-10-17', Statement: wide }).length).toBeLessThan(10_240);
  });

  it('has no permission that nothing needs', () => {
    // Asked by AWS for another call, or used by the AWS CLI and S3 under other names.
    const implied = [
      ...[
        'ec2:DescribeLaunchTemplates',
        'elasticloadbalancing:AddTags',
        'iam:PassRole',
        's3:ListBucket',
        'kms:Decrypt',
      ],
      ...['ssm:StartSession', 'ssm:TerminateSession', 'ssm:ResumeSession', ...referenceReads],
    ];
    const made = calls();
    expect([...allowed].filter((action) => !made.has(action) && !implied.includes(action))).toEqual([]);
  });
});
