import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

async function group(): Promise<Fixture> {
  const f = setUp();
  await f.create({ MinSize: 1, MaxSize: 10, DesiredCapacity: 2 });
  return f;
}

const put = (f: Fixture, ScheduledActionName: string, more: object) =>
  f.send('PutScheduledUpdateGroupAction', { AutoScalingGroupName: 'api', ScheduledActionName, ...more });

const inSeconds = (f: Fixture, seconds: number) => new Date(f.cloud.clock.now() + seconds * 1000);

const names = async (f: Fixture) =>
  (await f.send('DescribeScheduledActions', { AutoScalingGroupName: 'api' })).ScheduledUpdateGroupActions.map(
    (a: { ScheduledActionName: string }) => a.ScheduledActionName,
  );

describe('scheduled actions', () => {
  it('run once at their time, say so in the causes, and are gone', async () => {
    const f = await group();
    await put(f, 'event', { StartTime: inSeconds(f, 60), MinSize: 3, DesiredCapacity: 5 });
    await f.cloud.clock.advance(59_000);
    expect(f.record()).toMatchObject({ minSize: 1, desiredCapacity: 2 });
    await f.cloud.clock.advance(10_000);
    expect(f.record()).toMatchObject({ minSize: 3, maxSize: 10, desiredCapacity: 5 });
    expect(f.inState('InService')).toHaveLength(5);
    expect((await f.causes())[0]).toContain(
      "a scheduled action 'event' update of AutoScalingGroup constraints to min: 3, max: 10, desired: 5 changing the desired capacity from 2 to 5.",
    );
    expect(await names(f)).toEqual([]);
  });

  it('recur until their end, in their time zone', async () => {
    const f = await group();
    // The clock stands at 2026-01-01T00:00:10Z; in Berlin it is an hour later.
    const EndTime = new Date('2026-01-02T12:00:00Z');
    await put(f, 'up', { Recurrence: '0 9 * * *', TimeZone: 'Europe/Berlin', EndTime, DesiredCapacity: 4 });
    await put(f, 'down', { Recurrence: '0 20 * * *', TimeZone: 'Europe/Berlin', DesiredCapacity: 1 });
    await f.cloud.clock.advance(8 * 3_600_000);
    expect(f.record().desiredCapacity).toBe(4);
    await f.cloud.clock.advance(11 * 3_600_000);
    expect(f.record().desiredCapacity).toBe(1);
    await f.cloud.clock.advance(13 * 3_600_000);
    expect(f.record().desiredCapacity).toBe(4);
    // Its end comes before a third run.
    expect(await names(f)).toEqual(['down']);
  });

  it('move the desired capacity into new bounds', async () => {
    const f = await group();
    await put(f, 'floor', { StartTime: inSeconds(f, 10), MinSize: 4 });
    await put(f, 'ceiling', { StartTime: inSeconds(f, 20), MinSize: 0, MaxSize: 1 });
    await f.cloud.clock.advance(10_000);
    expect(f.record()).toMatchObject({ minSize: 4, desiredCapacity: 4 });
    await f.cloud.clock.advance(10_000);
    expect(f.record()).toMatchObject({ minSize: 0, maxSize: 1, desiredCapacity: 1 });
  });

  it('pass without effect while ScheduledActions is suspended', async () => {
    const f = await group();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['ScheduledActions'] });
    await put(f, 'event', { StartTime: inSeconds(f, 10), DesiredCapacity: 5 });
    await f.cloud.clock.advance(20_000);
    await f.send('ResumeProcesses', { AutoScalingGroupName: 'api' });
    await f.cloud.clock.advance(20_000);
    expect(f.record().desiredCapacity).toBe(2);
    expect(await names(f)).toEqual([]);
  });

  it('that fell due while the cloud was down run at its start, in their order, each once', async () => {
    const f = await group();
    await put(f, 'first', { StartTime: inSeconds(f, 60), DesiredCapacity: 6 });
    await put(f, 'hourly', { Recurrence: '0 * * * *', DesiredCapacity: 3 });
    await put(f, 'later', { StartTime: inSeconds(f, 100_000), DesiredCapacity: 9 });
    await f.restart(10 * 3_600_000 - 10_000);
    expect(f.record().desiredCapacity).toBe(3);
    expect(await names(f)).toEqual(['hourly', 'later']);
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(3);
  });

  it('wait for months, though timers cannot', async () => {
    const f = await group();
    await put(f, 'sale', { StartTime: inSeconds(f, 90 * 86_400), DesiredCapacity: 7 });
    await f.cloud.clock.advance(89 * 86_400_000);
    expect(f.record().desiredCapacity).toBe(2);
    await f.cloud.clock.advance(86_400_000);
    expect(f.record().desiredCapacity).toBe(7);
  });
});
