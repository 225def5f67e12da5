import { AutoScalingClient, DescribeAutoScalingGroupsCommand, type LifecycleState } from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyGroup } from '../../src/fleet/group-health.ts';
import type { Services } from '../../src/fleet/services.ts';
import { journaledContext } from './support/journaled-context.ts';

const mock = mockClient(AutoScalingClient);
beforeEach(() => void mock.reset());
afterAll(() => mock.restore());

/** A group whose instance is in a state for 20 readings, and then gone; Terminate is suspended. */
function leaving(LifecycleState: LifecycleState) {
  let readings = 0;
  mock.on(DescribeAutoScalingGroupsCommand).callsFake(() => ({
    AutoScalingGroups: [
      {
        AutoScalingGroupName: 'green',
        MinSize: 0,
        MaxSize: 4,
        DesiredCapacity: 0,
        LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '1' },
        SuspendedProcesses: [{ ProcessName: 'Terminate', SuspensionReason: 'User suspended' }],
        Instances: ++readings > 20 ? [] : [{ InstanceId: 'i-1', LifecycleState }],
      },
    ],
  }));
  const fleet = { cloud: 'aws', region: 'eu-west-1', release: { pollSeconds: 5, timeouts: { drain: 300 } } };
  const services = { fleet, aws: { autoScaling: new AutoScalingClient({ region: 'eu-west-1' }) } };
  return journaledContext({}, services as unknown as Services, []).context;
}

describe('a group whose Terminate is suspended', () => {
  it('becomes empty while all of its instances terminate already', async () => {
    const green = { group: 'green', targetGroupArn: 'arn:targetgroup/green/1' };
    await expect(emptyGroup(leaving('Terminating:Wait'), green)).resolves.toBeUndefined();
  });

  it('does not become empty while one of them stays', async () => {
    const green = { group: 'green', targetGroupArn: 'arn:targetgroup/green/1' };
    await expect(emptyGroup(leaving('InService'), green)).rejects.toMatchObject({ code: 'group.suspended' });
  });
});
