import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { defaultNames } from '../../src/config/resolve.ts';
import { awsFleet, synthesise, synthesiseStacks } from './support/synth.ts';

const ledger = { type: 's3', bucket: 'team-ledger' };

describe('the stack of a fleet', () => {
  const template = synthesise(awsFleet({ ledger, capacity: { min: 4, max: 350 } }))('api-production');

  it('gives every resource the name that the pipeline looks for', () => {
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', { AutoScalingGroupName: 'api-production' });
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', { LaunchTemplateName: 'api-production' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Name: 'api-production' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { Name: 'api-production' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { Name: 'api-production-check' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Conditions: [
        { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x-golden-validation', Values: ['on'] } },
      ],
    });
  });

  it('never sets a desired capacity', () => {
    const groups = Object.values(template.findResources('AWS::AutoScaling::AutoScalingGroup'));
    expect(groups.map((group) => group.Properties.DesiredCapacity)).toEqual([undefined]);
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', { MaxSize: '350' });
  });

  it('gives a group the minimum and the template version that it has, read whenever the group is changed', () => {
    const [id, live] = Object.entries(template.findResources('Custom::LiveGroup'))[0] ?? [];
    template.hasResource('AWS::AutoScaling::AutoScalingGroup', {
      Properties: {
        MinSize: { 'Fn::GetAtt': [id, 'MinSize'] },
        // CloudFormation takes neither `$Default` nor `$Latest`, and a number would be that of an old release.
        LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' }, Version: { 'Fn::GetAtt': [id, 'Version'] } },
      },
      UpdatePolicy: { AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true } },
    });
    const { MinSize, LaunchTemplate, ...others } =
      Object.values(template.findResources('AWS::AutoScaling::AutoScalingGroup'))[0]?.Properties ?? {};
    const values = (of: unknown): string[] =>
      Array.isArray(of)
        ? of.flatMap(values).sort()
        : typeof of === 'object' && of
          ? values(Object.values(of))
          : [`${of}`];
    expect(values(live?.Properties.Group)).toEqual(values(others));
  });

  it('allows only IMDSv2 and encrypts the volumes', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3' }) }],
      },
      VersionDescription: 'infrastructure',
    });
  });

  it('opens the service to the load balancer only, and SSH to nobody', () => {
    const groups = Object.values(template.findResources('AWS::EC2::SecurityGroup'));
    const instances = groups.find((one) => one.Properties.GroupDescription.startsWith('Instances'));
    expect(instances?.Properties.SecurityGroupIngress).toEqual([
      expect.objectContaining({ FromPort: 3000, ToPort: 3000, SourceSecurityGroupId: expect.anything() }),
    ]);
  });

  it('tags every resource of the fleet, so that the deploy role may change it', () => {
    const tag = { Key: 'golden-pipeline:app', Value: 'api' };
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { Tags: Match.arrayWith([tag]) });
    const groups = Object.values(template.findResources('AWS::EC2::SecurityGroup')).map((one) => one.Properties);
    const instances = { Key: 'golden-pipeline:role', Value: 'instances' };
    const ofMachines = groups.filter(({ Tags }) => Tags.some(({ Key }: { Key: string }) => Key === instances.Key));
    expect(ofMachines).toMatchObject([
      {
        GroupDescription: 'Instances of api in production',
        Tags: expect.arrayContaining([tag, { Key: 'golden-pipeline:environment', Value: 'production' }, instances]),
      },
    ]);
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: Match.arrayWith([tag]) }],
    });
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      Tags: Match.arrayWith([{ ...tag, PropagateAtLaunch: true }]),
    });
  });

  it('has alarms on errors, response time and unhealthy hosts', () => {
    const names = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
      (one) => one.Properties.AlarmName,
    );
    expect(names.sort()).toEqual(['api-production-errors', 'api-production-response', 'api-production-unhealthy']);
  });

  it('serves HTTPS with a certificate, and sends alarms to a topic', () => {
    const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/1';
    const topicArn = 'arn:aws:sns:eu-west-1:123456789012:nights';
    const secure = synthesise(
      awsFleet({ balancer: { listenerPort: 443 }, infrastructure: { certificateArn, alarms: { topicArn } } }),
    )('api-production');
    secure.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 443, Protocol: 'HTTPS' });
    secure.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [topicArn] });
  });

  it('uses the configured network and image', () => {
    const named = synthesise(
      awsFleet({
        instance: {
          baseImage: 'ami-0123456789abcdef0',
          subnetIds: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'],
        },
        infrastructure: {
          vpcId: 'vpc-0aaaaaaaaaaaaaaaa',
          balancerSubnetIds: ['subnet-0cccccccccccccccc', 'subnet-0dddddddddddddddd'],
        },
      }),
    );
    named('api-production').hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      VPCZoneIdentifier: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'],
    });
    named('api-production').hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Subnets: ['subnet-0cccccccccccccccc', 'subnet-0dddddddddddddddd'],
    });
    named('api-production').hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0' },
    });
    expect(() => named('golden-pipeline-production')).toThrow('no stack');
  });

  it('keeps the weights of blue/green in a rule that no deploy has a reason to change', () => {
    const settings = { release: { strategy: 'blue-green' } };
    const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/1';
    const before = synthesise(awsFleet(settings))('api-production');
    before.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      AutoScalingGroupName: 'api-production-green',
    });
    before.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      DefaultActions: [Match.objectLike({ Type: 'fixed-response' })],
    });
    before.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: 50000,
      Actions: [
        {
          Type: 'forward',
          ForwardConfig: { TargetGroups: [Match.objectLike({ Weight: 100 }), Match.objectLike({ Weight: 0 })] },
        },
      ],
    });
    const secure = { balancer: { listenerPort: 443 }, infrastructure: { certificateArn } };
    const after = synthesise(awsFleet({ ...settings, ...secure }))('api-production');
    const rule = (template: typeof before) => template.toJSON().Resources.ServingRule;
    expect(rule(after)).toEqual(rule(before));
  });

  it('has the same listener with one group and with two, and reads the weights before it changes their rule', () => {
    const two = synthesise(awsFleet({ release: { strategy: 'blue-green' } }))('api-production').toJSON().Resources;
    const one = synthesise(awsFleet({ release: { strategy: 'rolling' } }))('api-production').toJSON().Resources;
    expect(one.Listener).toEqual(two.Listener);
    expect(one.ServingRule.Properties.Actions[0].ForwardConfig.TargetGroups).toEqual([
      { TargetGroupArn: { Ref: 'TargetGroupApiProduction' }, Weight: 100 },
    ]);
    for (const resources of [one, two]) {
      const [traffic] = resources.ServingRule.DependsOn;
      expect(resources[traffic]).toMatchObject({
        Type: 'Custom::Traffic',
        Properties: {
          TargetGroups: resources.ServingRule.Properties.Actions[0].ForwardConfig.TargetGroups.map(
            (weight: { TargetGroupArn: unknown }) => weight.TargetGroupArn,
          ),
        },
      });
    }
  });
});

describe('the stack of an environment', () => {
  it('has a bucket for the ledger: versioned, private, over TLS only, never deleted', () => {
    const template = synthesise(awsFleet({ ledger }), awsFleet({ ledger }, 'web'))('golden-pipeline-production');
    template.resourceCountIs('AWS::S3::Bucket', 1);
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketName: 'team-ledger',
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
    template.resourceCountIs('AWS::EC2::VPC', 1);
  });

  it('creates a bucket that two environments share once, and protects stacks from being deleted', () => {
    const [first, second] = [awsFleet({ ledger }), { ...awsFleet({ ledger }), environment: 'staging' }];
    const stacks = synthesiseStacks(first, { ...second, names: defaultNames('api', 'staging') });
    expect(stacks.map(({ stack }) => [stack.stackName, stack.terminationProtection])).toEqual([
      ['golden-pipeline-production', true],
      ['api-production', true],
      ['golden-pipeline-staging', true],
      ['api-staging', true],
    ]);
    const buckets = stacks.map(({ template }) => Object.keys(template.findResources('AWS::S3::Bucket')).length);
    expect(buckets).toEqual([1, 0, 0, 0]);
  });

  it('is refused for subnets without their network, and for two regions', () => {
    expect(() => synthesise(awsFleet({ instance: { subnetIds: ['subnet-0a'] } }))).toThrow('subnet-0a');
    const elsewhere = { environments: { production: { cloud: 'aws', region: 'us-east-1' } } };
    expect(() => synthesise(awsFleet(), awsFleet(elsewhere, 'web'))).toThrow('eu-west-1 and us-east-1');
  });
});

describe('the stack of a blue/green fleet', () => {
  const template = synthesise(awsFleet({ ledger, release: { strategy: 'blue-green', rollbackWindow: 7200 } }))(
    'api-production',
  );

  it('has two groups with a target group each, and a rule that sends all traffic to the first', () => {
    const groups = Object.values(template.findResources('AWS::AutoScaling::AutoScalingGroup'));
    expect(groups.map((one) => one.Properties.AutoScalingGroupName)).toEqual([
      'api-production',
      'api-production-green',
    ]);
    const targets = groups.map((one) => one.Properties.TargetGroupARNs);
    expect(new Set(targets.map((one) => JSON.stringify(one))).size).toBe(2);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Actions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: targets[0][0], Weight: 100 },
              { TargetGroupArn: targets[1][0], Weight: 0 },
            ],
          },
        },
      ],
    });
  });

  it('lets the deploy role change both groups', () => {
    const roles = JSON.stringify(template.findResources('AWS::IAM::Role'));
    expect(roles).toContain('autoScalingGroupName/api-production-green');
  });
});
