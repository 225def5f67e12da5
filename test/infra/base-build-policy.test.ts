import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { baseBuildPolicy } from '../../infra/base-build-policy.ts';
import type { Statement } from '../../infra/deploy-policy.ts';
import { awsFleet, synthesise } from './support/synth.ts';

const statements = baseBuildPolicy({ partition: 'aws', region: 'eu-west-1', account: '123456789012' });
const template = readFileSync(new URL('../../packer/base.pkr.hcl', import.meta.url), 'utf8');

/** Statements that allow an action on a resource. */
const allowing = (action: string, resource: string): Statement[] =>
  statements.filter(
    (one) =>
      one.Action.includes(action) &&
      [one.Resource].flat().some((arn) => new RegExp(`^${arn.replaceAll('*', '.*')}$`).test(resource)),
  );
const own = (resource: string) => `arn:aws:ec2:eu-west-1:123456789012:${resource}`;
const picture = (resource: string) => `arn:aws:ec2:eu-west-1::${resource}`;

describe('the policy for base builds', () => {
  // As Packer 1.6.6 makes them for the template in packer/, in this order.
  it.each([
    ['ec2:CreateKeyPair', own('key-pair/packer_6b018954-959a-9e01-5d09-3b109817abda')],
    ['ec2:CreateSecurityGroup', own('security-group/*')],
    ['ec2:CreateSecurityGroup', own('vpc/vpc-1')],
    ['ec2:AuthorizeSecurityGroupIngress', own('security-group/sg-1')],
    ['ec2:RunInstances', own('instance/*')],
    ['ec2:RunInstances', own('key-pair/packer_6b018954')],
    ['ec2:RunInstances', own('volume/*')],
    ['ec2:RunInstances', picture('image/ami-1')],
    ['ec2:CreateTags', own('instance/i-1')],
    ['ec2:StopInstances', own('instance/i-1')],
    ['ec2:CreateImage', own('instance/i-1')],
    ['ec2:CreateImage', picture('image/*')],
    ['ec2:CreateImage', picture('snapshot/*')],
    ['ec2:ModifyImageAttribute', picture('image/ami-2')],
    ['ec2:CreateTags', picture('image/ami-2')],
    ['ec2:CreateTags', picture('snapshot/snap-2')],
    ['ec2:TerminateInstances', own('instance/i-1')],
    ['ec2:DeleteSecurityGroup', own('security-group/sg-1')],
    ['ec2:DeleteKeyPair', own('key-pair/packer_6b018954')],
  ])('allows %s on %s', (action, resource) => {
    expect(allowing(action, resource)).toHaveLength(1);
  });

  it('changes no instance but the builder, which the template tags', () => {
    expect(template).toContain('"golden-pipeline:role" = "base-builder"');
    for (const action of ['ec2:StopInstances', 'ec2:TerminateInstances', 'ec2:CreateImage']) {
      expect(allowing(action, own('instance/i-1')).map((one) => one.Condition)).toEqual([
        { StringEquals: { 'aws:ResourceTag/golden-pipeline:role': 'base-builder' } },
      ]);
    }
    expect(allowing('ec2:RunInstances', own('instance/i-1')).map((one) => one.Condition)).toEqual([
      { StringEquals: { 'aws:RequestTag/golden-pipeline:role': 'base-builder' } },
    ]);
  });

  it('changes no image, snapshot or security group of a fleet, and no key pair but its own', () => {
    const ofNoFleet = { Null: { 'aws:ResourceTag/golden-pipeline:app': 'true' } };
    for (const [action, resource] of [
      ['ec2:AuthorizeSecurityGroupIngress', own('security-group/sg-1')],
      ['ec2:DeleteSecurityGroup', own('security-group/sg-1')],
      ['ec2:ModifyImageAttribute', picture('image/ami-1')],
      ['ec2:CreateTags', picture('image/ami-1')],
    ] as const) {
      expect(allowing(action, resource).map((one) => one.Condition)).toEqual([expect.objectContaining(ofNoFleet)]);
    }
    for (const action of ['ec2:DeregisterImage', 'ec2:DeleteSnapshot']) {
      expect(statements.filter((one) => one.Action.includes(action)).map((one) => one.Condition)).toEqual([
        { StringEquals: { 'aws:ResourceTag/golden-pipeline:base': 'true' } },
      ]);
    }
    expect(allowing('ec2:DeleteKeyPair', own('key-pair/team'))).toEqual([]);
    expect(template).toMatch(/"golden-pipeline:base" += "true"/);
  });

  it('only reads where nothing is restricted, and gives no role to an instance', () => {
    const wide = statements.filter((one) => one.Resource === '*');
    expect(wide.flatMap((one) => one.Action).filter((action) => !/:(Describe|Get|List)/.test(action))).toEqual([]);
    expect(statements.flatMap((one) => one.Action).filter((action) => !action.startsWith('ec2:'))).toEqual([
      'autoscaling:DescribeAutoScalingGroups',
    ]);
  });
});

describe('the role for base builds', () => {
  const ci = 'arn:aws:iam::123456789012:role/ci';

  it('exists for the configured principals, once per environment', () => {
    const infrastructure = { baseBuildPrincipals: [ci] };
    const stack = synthesise(
      awsFleet({ infrastructure }),
      awsFleet({ infrastructure }, 'web'),
    )('golden-pipeline-production');
    stack.resourceCountIs('AWS::IAM::Role', 1);
    stack.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'golden-pipeline-production-base-build',
      AssumeRolePolicyDocument: { Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { AWS: ci } }] },
    });
    synthesise(awsFleet())('golden-pipeline-production').resourceCountIs('AWS::IAM::Role', 0);
  });

  it('causes a stack of the environment even when nothing else is shared', () => {
    const settings = {
      instance: { subnetIds: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'] },
      infrastructure: { vpcId: 'vpc-0aaaaaaaaaaaaaaaa', baseBuildPrincipals: [ci] },
    };
    synthesise(awsFleet(settings))('golden-pipeline-production').resourceCountIs('AWS::IAM::Role', 1);
  });
});
