import { UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { hasFailed, isLaunch, readActivities } from '../../src/aws/activities.ts';

let world: World;
openWorld(
  (opened) => {
    world = opened;
  },
  { delays: 'quick' },
);

it("activities of a group are read newest first, with EC2's reason for a failed launch and without other groups", async () => {
  const [group, other] = [await world.group(1, { MaxSize: 9 }), await world.group(1)];
  const launches = async (name: string) => (await readActivities(world.asg, name)).filter(isLaunch);
  expect((await launches(group)).map(hasFailed)).toEqual([false]);
  world.cloud.faults.add({ kind: 'insufficient-capacity', count: 1 });
  await world.asg.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, DesiredCapacity: 2 }));
  await world.inService(group, 2);
  const all = await launches(group);
  expect(all.map(hasFailed)).toEqual([false, true, false]);
  expect(all[1]).toMatchObject({ status: 'Failed', message: expect.stringMatching(/sufficient .*capacity/) });
  const starts = all.map((one) => one.startedAt);
  expect(starts).toEqual([...starts].sort((a, b) => b - a));
  expect((await launches(other)).map(hasFailed)).toEqual([false]);
});
