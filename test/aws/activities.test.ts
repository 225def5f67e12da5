import {
  AutoScalingClient,
  DescribeScalingActivitiesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { lastFailedActivity } from '../../src/aws/activities.ts';
import { openWorld, type World } from '../local-cloud/behaviour/support.ts';

let world: World;
openWorld(
  (opened) => {
    world = opened;
  },
  { delays: 'quick' },
);

it('the newest failure of a group is told, also when launches have gone well since; none of another group is', async () => {
  const [group, other] = [await world.group(1, { MaxSize: 9 }), await world.group(1)];
  expect(await lastFailedActivity(world.asg, group)).toBeUndefined();
  const fault = world.cloud.faults.add({ kind: 'insufficient-capacity', count: 1 });
  await world.asg.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, DesiredCapacity: 2 }));
  await world.inService(group, 2);
  expect(world.cloud.faults.list().find(({ id }) => id === fault.id)).toMatchObject({ hits: 1 });
  expect(await lastFailedActivity(world.asg, group)).toMatch(/sufficient .*capacity/);
  expect(await lastFailedActivity(world.asg, other)).toBeUndefined();
});

it('of several failures the first that AWS lists counts, which is the newest', async () => {
  const asg = new AutoScalingClient({ region: 'eu-west-1' });
  const activity = (StatusCode: 'Successful' | 'Failed', StatusMessage?: string) => ({
    ...{ ActivityId: 'a', AutoScalingGroupName: 'api', Cause: '', StartTime: new Date(0), StatusCode, StatusMessage },
  });
  const Activities = [activity('Successful'), activity('Failed', 'newer'), activity('Failed', 'older')];
  mockClient(asg).on(DescribeScalingActivitiesCommand).resolves({ Activities });
  expect(await lastFailedActivity(asg, 'api')).toBe('newer');
});
