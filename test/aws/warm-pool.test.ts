import { DescribeWarmPoolCommand } from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { deleteWarmPool, putWarmPool, readWarmPool } from '../../src/aws/warm-pool.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const read = (group: string) => world.asg.send(new DescribeWarmPoolCommand({ AutoScalingGroupName: group }));

it('a warm pool prepares instances up to a size, and its instances are not reused once they have served', async () => {
  const group = await world.group(1, { MaxSize: 9 });
  await putWarmPool(world.asg, group, { state: 'Running', prepared: 3 });
  expect((await read(group)).WarmPoolConfiguration).toMatchObject({
    PoolState: 'Running',
    MinSize: 0,
    MaxGroupPreparedCapacity: 3,
    InstanceReusePolicy: { ReuseOnScaleIn: false },
  });
  await world.until(
    () => read(group),
    ({ Instances = [] }) => Instances.filter((one) => one.LifecycleState === 'Warmed:Running').length === 2,
  );
});

it('a warm pool is present, then ending while it has instances, then gone, and can be deleted in any state', async () => {
  const group = await world.group(1, { MaxSize: 9 });
  expect(await readWarmPool(world.asg, group)).toBe('none');
  await deleteWarmPool(world.asg, group);
  await putWarmPool(world.asg, group, { state: 'Stopped', prepared: 3 });
  expect(await readWarmPool(world.asg, group)).toBe('present');
  await world.until(
    () => read(group),
    ({ Instances = [] }) => Instances.length === 2,
  );
  await deleteWarmPool(world.asg, group);
  expect(await readWarmPool(world.asg, group)).toBe('ending');
  await deleteWarmPool(world.asg, group);
  await world.until(
    () => readWarmPool(world.asg, group),
    (state) => state === 'none',
  );
  expect(world.cloud.calls.total('DeleteWarmPool')).toBe(1);
});
