import { describe, expect, it } from 'vitest';
import { arn, type Fixture, setUp } from './support.ts';

const AutoScalingGroupName = 'api';

async function group(MaxHealthyPercentage: number, more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create({ InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage }, ...more });
  return f;
}

/** The balancer finds the first `count` unhealthy. */
function makeUnhealthy(f: Fixture, count: number): string[] {
  const ids = f.ids().slice(0, count);
  for (const id of ids) f.cloud.setTarget(arn, id, 'unhealthy');
  return ids;
}

describe('an instance maintenance policy', () => {
  it('has unhealthy instances replaced before they are ended, within its maximum', async () => {
    const f = await group(150);
    const unhealthy = makeUnhealthy(f, 3);
    const seen: number[] = [];
    for (let n = 0; n < 100; n++) {
      await f.cloud.clock.advance(200);
      seen.push(f.active().length);
      const serving = f.active().filter((i) => f.cloud.targets.state(arn, i.instanceId) === 'healthy').length;
      const waiting = f.active().filter((i) => unhealthy.includes(i.instanceId)).length;
      expect(serving + waiting).toBeGreaterThanOrEqual(4);
    }
    expect(Math.max(...seen)).toBe(6);
    expect(f.inState('InService')).toHaveLength(4);
    expect(f.ids().filter((id) => unhealthy.includes(id))).toEqual([]);
    expect((await f.causes()).filter((c) => c.includes('ELB system health check failure'))).toHaveLength(3);
    expect((await f.causes()).some((c) => c.includes('an unhealthy instance needing to be replaced'))).toBe(true);
  });

  it('allows one more at the least, and does not wait for machines that have ended', async () => {
    const f = await group(110);
    makeUnhealthy(f, 1);
    await f.service.idle();
    expect(f.active()).toHaveLength(5);
    await f.cloud.clock.advance(10_000);
    f.cloud.setInstance(f.ids()[0] ?? '', 'terminated');
    await f.service.idle();
    expect(f.inState('Terminating')).toHaveLength(1);
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(4);
  });

  it('ends the unhealthy ones first when the group shrinks', async () => {
    const f = await group(150);
    const unhealthy = makeUnhealthy(f, 2);
    await f.send('SetDesiredCapacity', { AutoScalingGroupName, DesiredCapacity: 2 });
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(2);
    expect(f.ids().filter((id) => unhealthy.includes(id))).toEqual([]);
  });

  it('does nothing while ReplaceUnhealthy is suspended, and leaves a refresh to its own bounds', async () => {
    const f = await group(150);
    await f.send('SuspendProcesses', { AutoScalingGroupName, ScalingProcesses: ['ReplaceUnhealthy'] });
    makeUnhealthy(f, 1);
    await f.cloud.clock.advance(10_000);
    expect(f.active()).toHaveLength(4);
    await f.send('ResumeProcesses', { AutoScalingGroupName });
    await f.startRefresh('2');
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual([2, 2, 2, 2]);
  });

  it('goes on after a restart', async () => {
    const f = await group(150);
    makeUnhealthy(f, 1);
    await f.cloud.clock.advance(500);
    await f.restart();
    await f.cloud.clock.advance(30_000);
    expect(f.inState('InService')).toHaveLength(4);
  });

  it.each([
    [{ MinHealthyPercentage: 90 }, 'must be specified together'],
    [{ MinHealthyPercentage: 101, MaxHealthyPercentage: 150 }, 'between 0 and 100, but is 101'],
    [{ MinHealthyPercentage: 90, MaxHealthyPercentage: 99 }, 'between 100 and 200, but is 99'],
    [{ MinHealthyPercentage: 50, MaxHealthyPercentage: 151 }, 'cannot be greater than 100'],
  ])('is refused as %j', async (InstanceMaintenancePolicy, message) => {
    const f = setUp();
    await expect(
      f.create({
        InstanceMaintenancePolicy: InstanceMaintenancePolicy as {
          MinHealthyPercentage: number;
          MaxHealthyPercentage: number;
        },
      }),
    ).rejects.toThrow(message);
  });

  it('is taken away by -1', async () => {
    const f = await group(150);
    const none = { MinHealthyPercentage: -1, MaxHealthyPercentage: -1 };
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, InstanceMaintenancePolicy: none });
    expect((await f.group()).InstanceMaintenancePolicy).toBeUndefined();
    makeUnhealthy(f, 1);
    await f.service.idle();
    expect(f.inState('Terminating')).toHaveLength(1);
  });
});
