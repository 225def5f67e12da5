import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

async function group(): Promise<Fixture> {
  const f = setUp();
  await f.create();
  return f;
}

const at = (f: Fixture, seconds: number) => new Date(f.cloud.clock.now() + seconds * 1000);

const describeAll = async (f: Fixture, more: object = { AutoScalingGroupName }) =>
  (await f.send('DescribeScheduledActions', more)).ScheduledUpdateGroupActions;

describe('operations of scheduled actions', () => {
  it('put, change, show and delete one', async () => {
    const f = await group();
    const StartTime = at(f, 60);
    const action = { AutoScalingGroupName, ScheduledActionName: 'event' };
    await f.send('PutScheduledUpdateGroupAction', { ...action, Time: StartTime, DesiredCapacity: 6 });
    await f.send('PutScheduledUpdateGroupAction', { ...action, MaxSize: 12 });
    const [shown] = await describeAll(f);
    expect(shown).toMatchObject({ ...action, StartTime, Time: StartTime, DesiredCapacity: 6, MaxSize: 12 });
    expect(shown.ScheduledActionARN).toMatch(
      /^arn:aws:autoscaling:eu-west-1:000000000000:scheduledUpdateGroupAction:[0-9a-f-]{36}:autoScalingGroupName\/api:scheduledActionName\/event$/,
    );
    await f.send('DeleteScheduledAction', action);
    expect(await describeAll(f)).toEqual([]);
    await expect(f.send('DeleteScheduledAction', action)).rejects.toThrow('Scheduled action name not found: event');
  });

  it('put and delete several, and tell which could not', async () => {
    const f = await group();
    const { FailedScheduledUpdateGroupActions } = await f.send('BatchPutScheduledUpdateGroupAction', {
      AutoScalingGroupName,
      ScheduledUpdateGroupActions: [
        { ScheduledActionName: 'a', StartTime: at(f, 60), DesiredCapacity: 5 },
        { ScheduledActionName: 'b', StartTime: at(f, -60), DesiredCapacity: 5 },
        { ScheduledActionName: 'c', StartTime: at(f, 60), DesiredCapacity: 6 },
      ],
    });
    expect(FailedScheduledUpdateGroupActions).toEqual([
      { ScheduledActionName: 'b', ErrorCode: 'ValidationError', ErrorMessage: 'Given start time is in the past' },
      {
        ScheduledActionName: 'c',
        ErrorCode: 'AlreadyExists',
        ErrorMessage: expect.stringContaining('at the same time'),
      },
    ]);
    const { FailedScheduledActions } = await f.send('BatchDeleteScheduledAction', {
      AutoScalingGroupName,
      ScheduledActionNames: ['a', 'b'],
    });
    expect(FailedScheduledActions).toMatchObject([{ ScheduledActionName: 'b', ErrorCode: 'ValidationError' }]);
    expect(await describeAll(f)).toEqual([]);
  });

  it('filter by name and time, in pages', async () => {
    const f = await group();
    for (const [n, name] of ['x', 'y', 'z'].entries()) {
      const StartTime = at(f, 60 * (n + 1));
      await f.send('PutScheduledUpdateGroupAction', {
        AutoScalingGroupName,
        ScheduledActionName: name,
        StartTime,
        MinSize: 1,
      });
    }
    const namesOf = (list: { ScheduledActionName: string }[]) => list.map((a) => a.ScheduledActionName);
    expect(namesOf(await describeAll(f, { AutoScalingGroupName, ScheduledActionNames: ['z', 'x'] }))).toEqual([
      'x',
      'z',
    ]);
    expect(namesOf(await describeAll(f, { StartTime: at(f, 100), EndTime: at(f, 130) }))).toEqual(['y']);
    const first = await f.send('DescribeScheduledActions', { AutoScalingGroupName, MaxRecords: 2 });
    expect(namesOf(first.ScheduledUpdateGroupActions)).toEqual(['x', 'y']);
    expect(namesOf(await describeAll(f, { AutoScalingGroupName, MaxRecords: 2, NextToken: first.NextToken }))).toEqual([
      'z',
    ]);
    await expect(describeAll(f, { ScheduledActionNames: ['x'] })).rejects.toThrow('AutoScalingGroupName is required');
  });

  it('hold 125 of them and no more', async () => {
    const f = await group();
    const entries = Array.from({ length: 126 }, (_, n) => ({
      ScheduledActionName: `a${n}`,
      StartTime: at(f, 60 + n),
      MinSize: 1,
    }));
    const failed = [];
    for (let n = 0; n < entries.length; n += 50) {
      const ScheduledUpdateGroupActions = entries.slice(n, n + 50);
      const answer = await f.send('BatchPutScheduledUpdateGroupAction', {
        AutoScalingGroupName,
        ScheduledUpdateGroupActions,
      });
      failed.push(...answer.FailedScheduledUpdateGroupActions);
    }
    expect(failed).toMatchObject([{ ScheduledActionName: 'a125', ErrorCode: 'LimitExceeded' }]);
    const tooMany = { AutoScalingGroupName, ScheduledUpdateGroupActions: entries.slice(0, 51) };
    await expect(f.send('BatchPutScheduledUpdateGroupAction', tooMany)).rejects.toMatchObject({
      code: 'ValidationError',
    });
  });
});
