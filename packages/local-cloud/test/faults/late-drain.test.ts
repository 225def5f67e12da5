import { SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { ModifyTargetGroupAttributesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it } from 'vitest';
import { FaultyCloud } from './support.ts';

let f: FaultyCloud;
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

const sorted = async (targets: string) => Object.values(await f.health(targets)).sort();
/** Target group, with a deregistration delay of a minute, of a group whose machines are healthy. */
async function fleet(size: number): Promise<string> {
  const targets = await f.group(size, true);
  const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '60' }];
  await f.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: targets, Attributes }));
  await f.until(
    () => sorted(targets),
    (states) => states.length === size && states.every((state) => state === 'healthy'),
    600_000,
  );
  return targets;
}

/** Ends the group's machines; they drain when this returns. */
async function empty(targets: string): Promise<void> {
  await f.asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: 'api', DesiredCapacity: 0 }));
  await f.clock.advance(0);
  const states = await sorted(targets);
  expect(states).toEqual(states.map(() => 'draining'));
}

async function running(): Promise<number> {
  const Filters = [{ Name: 'instance-state-name', Values: ['running'] }];
  const { Reservations = [] } = await f.ec2.send(new DescribeInstancesCommand({ Filters }));
  return Reservations.flatMap(({ Instances = [] }) => Instances).length;
}

describe('a target that drains', () => {
  it("ELB-TGT-09 does so for the whole deregistration delay with AWS's delays, and Auto Scaling waits for it", async () => {
    f = await FaultyCloud.start('aws');
    const targets = await fleet(1);
    await empty(targets);
    await f.clock.advance(59_000);
    expect(await sorted(targets)).toEqual(['draining']);
    expect(await running()).toBe(1);
    await f.clock.advance(2_000);
    expect(await sorted(targets)).toEqual([]);
    expect(await running()).toBe(0);
  });

  it('CLD-FLT-14 does so as often as late-drain strikes, others are gone with their requests', async () => {
    f = await FaultyCloud.start();
    const targets = await fleet(3);
    const fault = f.cloud.faults.add({ kind: 'late-drain', group: 'api', count: 2 });
    await f.clock.advance(5_000);
    // It strikes what drains, and nothing before that.
    expect(f.cloud.faults.list()).toMatchObject([{ id: fault.id, hits: 0 }]);
    await empty(targets);
    await f.clock.advance(5_000);
    expect(await sorted(targets)).toEqual(['draining', 'draining']);
    expect(await running()).toBe(2);
    await f.clock.advance(54_000);
    expect(await sorted(targets)).toEqual(['draining', 'draining']);
    await f.clock.advance(2_000);
    expect(await sorted(targets)).toEqual([]);
    expect(await running()).toBe(0);
    expect(f.cloud.faults.list()).toMatchObject([{ hits: 2, active: false }]);
  });

  it('leaves when the fault is cleared', async () => {
    f = await FaultyCloud.start();
    const targets = await fleet(1);
    f.cloud.faults.add({ kind: 'late-drain' });
    await empty(targets);
    await f.clock.advance(10_000);
    expect(await sorted(targets)).toEqual(['draining']);
    f.cloud.faults.clear();
    await f.clock.advance(1_000);
    expect(await sorted(targets)).toEqual([]);
  });
});
