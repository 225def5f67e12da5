import { AttachLoadBalancerTargetGroupsCommand, CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateVersionCommand, type RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateRuleCommand,
  ModifyListenerCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { account } from 'golden-pipeline-local-cloud/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { type AwsClients, createClients } from '../../src/aws/clients.ts';
import { readRunningFleet } from '../../src/aws/running-fleet.ts';

let world: World;
let aws: AwsClients;
openWorld((opened) => {
  world = opened;
});
beforeAll(async () => {
  aws = createClients(world.config());
  for (const client of Object.values(aws)) world.connect(client);
});
afterAll(async () => {
  for (const client of Object.values(aws)) client.destroy();
});

const nameOf = (arn: string) => arn.split('/')[1];

/** An empty group with a template of its own, on these target groups. */
async function group(TargetGroupARNs: string[], template: RequestLaunchTemplateData = {}): Promise<string> {
  const LaunchTemplate = { LaunchTemplateName: await world.template(undefined, template), Version: '1' };
  return world.group(0, { MinSize: 0, MaxSize: 6, TargetGroupARNs, LaunchTemplate });
}

/** A second listener of the same load balancer. */
async function listenOn(Port: number, listener: string, TargetGroupArn: string): Promise<void> {
  const LoadBalancerArn = listener.replace(':listener/', ':loadbalancer/').replace(/\/[^/]+$/, '');
  await world.elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Port,
      Protocol: 'HTTP',
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
    }),
  );
}

const rule = (ListenerArn: string, TargetGroupArn: string, value: string) =>
  world.elb.send(
    new CreateRuleCommand({
      ...{ ListenerArn, Priority: 10, Actions: [{ Type: 'forward', TargetGroupArn }] },
      Conditions: [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x-check', Values: [value] } }],
    }),
  );

const share = (ListenerArn: string, ...arns: string[]) => {
  const TargetGroups = arns.map((TargetGroupArn, n) => ({ TargetGroupArn, Weight: n === 0 ? 1 : 0 }));
  const DefaultActions = [{ Type: 'forward' as const, ForwardConfig: { TargetGroups } }];
  return world.elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions }));
};

describe('an existing fleet that was created by other means', () => {
  it('is read starting from its group: template, target group with its delay, load balancer and port', async () => {
    const targets = await world.targetGroup();
    const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '45' }];
    await world.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: targets, Attributes }));
    const listener = await world.listener(targets);
    const name = await group([targets], { InstanceType: 'm5.large', KeyName: 'ops' });
    const fleet = await readRunningFleet(aws, name, {});
    expect(fleet).toMatchObject({
      group: { name, min: 0, max: 6, desired: 0, subnetIds: Object.values(account.subnets) },
      template: { instanceType: 'm5.large', keyName: 'ops', imageId: account.baseImageId, securityGroupIds: [] },
      targetGroup: { TargetGroupArn: targets },
      deregistrationDelaySeconds: 45,
      loadBalancer: listener.split('/')[2],
      listenerPort: 8000,
    });
    expect(fleet).not.toHaveProperty('green');
    expect(fleet).not.toHaveProperty('validation');
  });

  it("uses the group's template version, and the security groups of its network interface", async () => {
    const targets = await world.targetGroup();
    await world.listener(targets);
    const LaunchTemplateName = await world.template();
    const NetworkInterfaces = [{ DeviceIndex: 0, Groups: ['sg-0123456789abcdef0'] }];
    const LaunchTemplateData = { ImageId: account.baseImageId, InstanceType: 'm5.large' as const, NetworkInterfaces };
    await world.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData }));
    const LaunchTemplate = { LaunchTemplateName, Version: '2' };
    const name = await world.group(0, { MaxSize: 1, TargetGroupARNs: [targets], LaunchTemplate });
    expect((await readRunningFleet(aws, name, {})).template).toEqual({
      name: LaunchTemplateName,
      instanceType: 'm5.large',
      imageId: account.baseImageId,
      securityGroupIds: ['sg-0123456789abcdef0'],
    });
  });

  it('has a validation route if a rule matches the header with the value on, and none for another value', async () => {
    const [targets, validation] = [await world.targetGroup(), await world.targetGroup()];
    const listener = await world.listener(targets);
    const name = await group([targets]);
    await rule(listener, validation, 'on');
    expect(await readRunningFleet(aws, name, {})).toMatchObject({
      validation: { header: 'x-check', targetGroup: nameOf(validation) },
    });
    const [others, canary] = [await world.targetGroup(), await world.targetGroup()];
    await rule(await world.listener(others), canary, 'canary');
    expect(await readRunningFleet(aws, await group([others]), {})).not.toHaveProperty('validation');
  });

  it('has a green group if its listener splits traffic between two groups', async () => {
    const [blue, green, third] = [await world.targetGroup(), await world.targetGroup(), await world.targetGroup()];
    const listener = await world.listener(blue);
    const name = await group([blue]);
    await share(listener, blue, green);
    // A target group that no Auto Scaling group fills is no group.
    expect(await readRunningFleet(aws, name, {})).not.toHaveProperty('green');
    const other = await group([green]);
    expect(await readRunningFleet(aws, name, {})).toMatchObject({
      green: { group: other, targetGroup: nameOf(green) },
    });
    expect(await readRunningFleet(aws, other, {})).toMatchObject({ green: { group: name, targetGroup: nameOf(blue) } });
    await share(listener, blue, green, third);
    expect(await readRunningFleet(aws, name, {})).not.toHaveProperty('green');
  });
});

describe('details that must be configured', () => {
  const refusal = (name: string, only = {}) => readRunningFleet(aws, name, only).catch((error: unknown) => error);

  it('an unknown group: the message has the nearest name, or all names', async () => {
    const name = await group([]);
    expect(await refusal(`${name}x`)).toMatchObject({
      code: 'init.unknown-group',
      outcome: 'usage',
      fix: `did you mean "${name}"?`,
    });
    expect(await refusal('something-else-altogether')).toMatchObject({
      message: 'there is no Auto Scaling group "something-else-altogether"',
      fix: expect.stringMatching(/^groups here: .*"group-\d+"/),
    });
  });

  it('a group without a launch template', async () => {
    const AutoScalingGroupName = world.name('mixed');
    const LaunchTemplateSpecification = { LaunchTemplateName: await world.template(), Version: '1' };
    await world.asg.send(
      new CreateAutoScalingGroupCommand({
        ...{
          AutoScalingGroupName,
          MinSize: 0,
          MaxSize: 1,
          VPCZoneIdentifier: Object.values(account.subnets).join(','),
        },
        MixedInstancesPolicy: { LaunchTemplate: { LaunchTemplateSpecification } },
      }),
    );
    expect(await refusal(AutoScalingGroupName)).toMatchObject({ code: 'init.no-template', outcome: 'usage' });
  });

  it('a group without a target group, or with one that no listener forwards to', async () => {
    const name = await group([]);
    expect(await refusal(name)).toMatchObject({ code: 'init.no-target-group', outcome: 'usage' });
    const TargetGroupARNs = [await world.targetGroup()];
    await world.asg.send(new AttachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: name, TargetGroupARNs }));
    expect(await refusal(name)).toMatchObject({ code: 'init.no-listener', outcome: 'usage' });
  });

  it('which of several target groups to use', async () => {
    const both = [await world.targetGroup(), await world.targetGroup()];
    for (const arn of both) await world.listener(arn);
    const name = await group(both);
    expect(await refusal(name)).toMatchObject({
      code: 'init.which-target-group',
      message: `group "${name}" has several target groups`,
      fix: expect.stringContaining(both.map(nameOf).join(', ')),
    });
    expect(await refusal(name, { targetGroup: 'third' })).toMatchObject({
      code: 'init.which-target-group',
      message: `group "${name}" has no target group "third"`,
    });
    const [, second = ''] = both;
    const fleet = await readRunningFleet(aws, name, { targetGroup: nameOf(second) });
    expect(fleet.targetGroup.TargetGroupArn).toBe(second);
  });

  it('which of several listeners to use', async () => {
    const targets = await world.targetGroup();
    const listener = await world.listener(targets);
    await listenOn(8001, listener, targets);
    const name = await group([targets]);
    const balancer = listener.split('/')[2];
    expect(await refusal(name)).toMatchObject({
      code: 'init.which-listener',
      message: `several listeners forward to target group ${nameOf(targets)}`,
      fix: `say which one: --listener-port N, of ${balancer}:8000, ${balancer}:8001`,
    });
    expect(await refusal(name, { listenerPort: 8002 })).toMatchObject({
      code: 'init.which-listener',
      message: `no listener on port 8002 forwards to target group ${nameOf(targets)}`,
    });
    expect(await readRunningFleet(aws, name, { listenerPort: 8001 })).toMatchObject({ listenerPort: 8001 });
  });
});
