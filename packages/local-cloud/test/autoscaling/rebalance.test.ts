import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from './support.ts';

const perZone = (f: Fixture): number[] =>
  ['a', 'b', 'c'].map((z) => f.active().filter((i) => i.availabilityZone === `eu-west-1${z}`).length);

/** Six instances of one zone, in a group that then gets two more zones. */
async function lopsided(more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create({ DesiredCapacity: 6, AvailabilityZones: ['eu-west-1a'], ...more });
  return f;
}

const widen = (f: Fixture, ...zones: string[]) =>
  f.send('UpdateAutoScalingGroup', {
    AutoScalingGroupName: 'api',
    AvailabilityZones: zones.map((z) => `eu-west-1${z}`),
  });

describe('AZRebalance', () => {
  it('launches in the emptier zones first and ends as many once those serve', async () => {
    const f = await lopsided();
    const serving: number[] = [];
    const total: number[] = [];
    await widen(f, 'a', 'b', 'c');
    for (let n = 0; n < 400; n++) {
      await f.cloud.clock.advance(100);
      serving.push(f.inState('InService').length);
      total.push(f.active().length);
    }
    expect(perZone(f)).toEqual([2, 2, 2]);
    expect(Math.min(...serving)).toBe(6);
    // A tenth of six is none, so one at a time.
    expect(Math.max(...total)).toBe(7);
    expect((await f.causes()).some((c) => c.includes('in response to a rebalancing of the Availability Zones'))).toBe(
      true,
    );
  });

  it('goes beyond the maximum size by a tenth while it works', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 20, AvailabilityZones: ['eu-west-1a'] });
    await widen(f, 'a', 'b');
    await f.service.idle();
    expect(f.active()).toHaveLength(22);
    await f.cloud.clock.advance(60_000);
    expect(perZone(f)).toEqual([10, 10, 0]);
  });

  it('leaves zones that the group no longer uses', async () => {
    const f = await lopsided();
    await widen(f, 'b', 'c');
    await f.cloud.clock.advance(60_000);
    expect(perZone(f)).toEqual([0, 3, 3]);
    expect(f.inState('InService')).toHaveLength(6);
  });

  it('leaves what is protected from scale-in', async () => {
    const f = await lopsided({ NewInstancesProtectedFromScaleIn: true });
    await widen(f, 'a', 'b', 'c');
    await f.cloud.clock.advance(60_000);
    expect(perZone(f)).toEqual([6, 0, 0]);
  });

  it.each(['AZRebalance', 'Launch', 'Terminate'])('does nothing while %s is suspended', async (process) => {
    const f = await lopsided();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: [process] });
    await widen(f, 'a', 'b', 'c');
    await f.cloud.clock.advance(60_000);
    expect(perZone(f)).toEqual([6, 0, 0]);
  });

  it('does not disturb a refresh', async () => {
    const f = await lopsided();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['AZRebalance'] });
    await widen(f, 'a', 'b', 'c');
    await f.startRefresh('2', { MinHealthyPercentage: 50 });
    await f.send('ResumeProcesses', { AutoScalingGroupName: 'api' });
    for (let n = 0; n < 300 && (await f.refresh()).Status !== 'Successful'; n++) {
      expect(f.record().rebalance).toBeUndefined();
      await f.cloud.clock.advance(100);
    }
    expect(f.versions()).toEqual(Array(6).fill(2));
  });

  it('comes to no harm when what it launched is lost, or the group is scaled meanwhile', async () => {
    const f = await lopsided();
    await widen(f, 'a', 'b', 'c');
    await f.service.idle();
    f.cloud.setInstance(f.record().rebalance?.launched[0] ?? '', 'terminated');
    await f.cloud.clock.advance(3_000);
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 3 });
    await f.cloud.clock.advance(60_000);
    expect(perZone(f)).toEqual([1, 1, 1]);
  });

  it('waits for a zone without room, and asks again later', async () => {
    const f = await lopsided();
    f.cloud.launchError = 'no room';
    await widen(f, 'a', 'b', 'c');
    await f.cloud.clock.advance(200_000);
    const failed = async () => (await f.causes()).filter((c) => c.includes('no room')).length;
    expect(await failed()).toBe(1);
    await f.cloud.clock.advance(150_000);
    expect(await failed()).toBe(2);
    f.cloud.launchError = undefined;
    await f.cloud.clock.advance(400_000);
    expect(perZone(f)).toEqual([2, 2, 2]);
  });

  it('goes on after a restart', async () => {
    const f = await lopsided();
    await widen(f, 'a', 'b', 'c');
    await f.cloud.clock.advance(500);
    await f.restart();
    await f.cloud.clock.advance(60_000);
    expect(perZone(f)).toEqual([2, 2, 2]);
  });
});
