import { SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { readGroupTag, setGroupTag } from '../../src/aws/group-tags.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

it('a group tag is found by its group and its key alone', async () => {
  const [group, other] = [await world.group(0, { MaxSize: 1 }), await world.group(0, { MaxSize: 1 })];
  expect(await readGroupTag(world.asg, group, 'held')).toBeUndefined();
  await setGroupTag(world.asg, group, 'held', '4');
  await setGroupTag(world.asg, group, 'held-since', 'noon');
  await setGroupTag(world.asg, other, 'held', '9');
  expect(await readGroupTag(world.asg, group, 'held')).toBe('4');
  await setGroupTag(world.asg, group, 'held', '6');
  expect(await readGroupTag(world.asg, group, 'held')).toBe('6');
  await setGroupTag(world.asg, group, 'held', undefined);
  expect(await readGroupTag(world.asg, group, 'held')).toBeUndefined();
  expect(await readGroupTag(world.asg, group, 'held-since')).toBe('noon');
  expect(await readGroupTag(world.asg, other, 'held')).toBe('9');
});

it('removing a group tag that does not exist is not an error', async () => {
  const group = await world.group(0, { MaxSize: 1 });
  await setGroupTag(world.asg, group, 'held', undefined);
  expect(await readGroupTag(world.asg, group, 'held')).toBeUndefined();
});

it('group tags are not propagated to launched instances', async () => {
  const group = await world.group(0, { MaxSize: 1 });
  await setGroupTag(world.asg, group, 'held', '4');
  await world.asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 1 }));
  const [instance] = await world.inService(group, 1);
  const { Reservations } = await world.ec2.send(
    new DescribeInstancesCommand({ InstanceIds: [instance?.InstanceId ?? ''] }),
  );
  const keys = Reservations?.[0]?.Instances?.[0]?.Tags?.map(({ Key }) => Key);
  expect(keys).toContain('aws:autoscaling:groupName');
  expect(keys).not.toContain('held');
});
