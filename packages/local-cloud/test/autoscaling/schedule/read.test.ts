import { describe, expect, it } from 'vitest';
import { readScheduledAction } from '../../../src/autoscaling/schedule/read.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(now + seconds * 1000);

describe('readScheduledAction', () => {
  it('takes one that runs once, and one that recurs', () => {
    expect(
      readScheduledAction({ ScheduledActionName: 'a', StartTime: at(60), DesiredCapacity: 3 }, undefined, now),
    ).toEqual({ name: 'a', startTime: now + 60_000, desiredCapacity: 3, nextRun: now + 60_000 });
    const read = readScheduledAction(
      { ScheduledActionName: 'a', Recurrence: '0 9 * * *', TimeZone: 'Europe/Berlin', MinSize: 1, MaxSize: 2 },
      undefined,
      now,
    );
    expect(new Date(read.nextRun).toISOString()).toBe('2026-01-01T08:00:00.000Z');
  });

  it('runs a recurring one at its start time first', () => {
    const read = readScheduledAction(
      { ScheduledActionName: 'a', StartTime: at(90), Recurrence: '0 9 * * *', MinSize: 1 },
      undefined,
      now,
    );
    expect(read.nextRun).toBe(now + 90_000);
  });

  it('keeps what an update does not name', () => {
    const before = readScheduledAction(
      { ScheduledActionName: 'a', Recurrence: '0 9 * * *', MinSize: 1 },
      undefined,
      now,
    );
    const after = readScheduledAction({ ScheduledActionName: 'a', Recurrence: '0 10 * * *' }, before, now);
    expect(after).toMatchObject({ recurrence: '0 10 * * *', minSize: 1, nextRun: now + 10 * 3_600_000 });
  });

  it.each([
    ['no name', { ScheduledActionName: '' }, 'ScheduledActionName is required'],
    ['no time', { StartTime: undefined }, 'Either StartTime or Recurrence'],
    ['a start in the past', { StartTime: at(-1) }, 'Given start time is in the past'],
    [
      'an end in the past',
      { Recurrence: '0 9 * * *', StartTime: undefined, EndTime: at(0) },
      'Given end time is in the past',
    ],
    ['an end before the start', { EndTime: at(30) }, 'EndTime must be after StartTime'],
    ['no schedule', { Recurrence: '99 * * * *' }, 'Given recurrence string: 99 * * * * is invalid'],
    ['a zone without recurrence', { TimeZone: 'UTC' }, 'TimeZone can only be specified together with Recurrence'],
    ['no time zone', { Recurrence: '0 9 * * *', TimeZone: 'Mars/Base' }, 'Given time zone: Mars/Base is invalid'],
    ['no size', { DesiredCapacity: undefined }, 'At least one of'],
    ['a negative size', { MinSize: -1 }, 'MinSize must not be negative'],
    ['bounds that cross', { MinSize: 5, MaxSize: 4 }, 'Max bound, 4'],
    ['a desired capacity below', { MinSize: 5 }, 'must not be below min size'],
    ['a desired capacity above', { MaxSize: 2 }, 'must not be above max size'],
    ['a day that never comes', { StartTime: undefined, Recurrence: '0 0 31 2 *' }, 'would never run'],
  ])('refuses %s', (_what, more, message) => {
    const request = { ScheduledActionName: 'a', StartTime: at(60), DesiredCapacity: 3, ...more };
    expect(() => readScheduledAction(request, undefined, now)).toThrow(message);
  });
});
