import { describe, expect, it } from 'vitest';
import {
  actionNames,
  describeForeign,
  eventsOf,
  foreignRuns,
  overlapping,
  runningEvent,
  sizeAt,
} from '../../../src/fleet/scaling/windows.ts';

const time = (text: string) => Date.parse(`2027-03-${text}Z`);
const iso = (text: string) => new Date(time(text)).toISOString();
const now = time('01T08:00');
const event = (from: string, to?: string, size = 350) => {
  const names = actionNames(time(from));
  const out = { name: names.out, start: iso(from), min: size, desired: size };
  return to === undefined ? [out] : [out, { name: names.in, start: iso(to), min: 4, desired: 4 }];
};
const nightly = { name: 'nightly', start: iso('01T20:00'), recurrence: '0 20 * * *', min: 3, desired: 3 };

describe('events of the schedule', () => {
  it('are named after the time of their beginning', () => {
    expect(actionNames(Date.parse('2027-03-01T08:30:00.000Z')).out).toBe('golden-pipeline-scale-out-2027-03-01T08.30Z');
    expect(actionNames(Date.parse('2027-03-01T08:30:15.000Z')).in).toBe(
      'golden-pipeline-scale-in-2027-03-01T08.30.15Z',
    );
    expect(actionNames().in).toBe('golden-pipeline-scale-in');
  });

  it('are identified by their start time, and an active one by having only its end', () => {
    const later = event('02T09:00', '02T14:00', 40);
    const [, end] = event('01T07:00', '01T12:00');
    const events = eventsOf([...later, ...(end ? [end] : []), nightly], now);
    expect(events.map(({ from, to }) => [from, to])).toEqual([
      [Number.NEGATIVE_INFINITY, time('01T12:00')],
      [time('02T09:00'), time('02T14:00')],
    ]);
    expect(runningEvent(events)?.in).toEqual(end);
    expect(runningEvent(eventsOf(later, now))).toBeUndefined();
    // What is over is no event any more.
    expect(eventsOf(event('01T05:00', '01T06:00'), now)).toEqual([]);
  });

  it.each([
    ['in the evening and on the next day', ['01T18:00', '01T22:00'], 0],
    ['that reaches into it', ['01T23:00', '02T09:30'], 1],
    ['inside of it', ['02T10:00', '02T11:00'], 1],
    ['around it', ['01T23:00', '02T20:00'], 1],
    ['that begins at its end, as two actions must not be due at the same time', ['02T14:00', '02T20:00'], 1],
    ['after it', ['02T14:01', '02T20:00'], 0],
  ])('overlap with an event %s', (_, [from = '', to = ''], count) => {
    const events = eventsOf(event('02T09:00', '02T14:00'), now);
    expect(overlapping(events, time(from), time(to))).toHaveLength(count);
  });

  it('overlap with all later events when they have no end', () => {
    const events = eventsOf(event('02T09:00'), now);
    expect(overlapping(events, time('09T09:00'), time('09T10:00'))).toHaveLength(1);
    expect(overlapping(events, time('01T09:00'), time('01T10:00'))).toEqual([]);
  });
});

describe('scheduled actions of others', () => {
  const window = { from: time('02T18:00'), to: time('02T23:00') };

  it.each([
    ['a recurring one, also when its next run is earlier', nightly, time('02T20:00')],
    ['one that happens once', { name: 'once', start: iso('02T19:00'), desired: 10 }, time('02T19:00')],
    ['a lower maximum', { name: 'cap', start: iso('02T18:00'), max: 100 }, time('02T18:00')],
    [
      'the time zone of the recurrence',
      { name: 'zone', recurrence: '30 20 * * *', timeZone: 'Europe/Berlin', min: 2 },
      time('02T19:30'),
    ],
    ['a recurrence that only begins then', { ...nightly, start: iso('02T21:00') }, time('02T21:00')],
    ['a recurrence that cannot be read', { name: 'odd', recurrence: '0 20 L * *', min: 1 }, undefined],
  ])('are found: %s', (_, action, at) => {
    expect(foreignRuns([action], window, 350)).toEqual([at === undefined ? { action } : { action, at }]);
  });

  it.each([
    ['outside of the window', { name: 'morning', recurrence: '0 6 * * *', min: 3 }],
    ['once, before it', { name: 'once', start: iso('02T17:59'), min: 3 }],
    ['that has ended by then', { ...nightly, end: iso('02T12:00') }],
    ['that begins after it', { ...nightly, start: iso('05T20:00') }],
    ['that keeps as many instances', { name: 'more', recurrence: '0 20 * * *', min: 350, max: 500 }],
    ['of our own', { name: actionNames(time('02T20:00')).in, start: iso('02T20:00'), min: 4 }],
  ])('do no harm: one %s', (_, action) => {
    expect(foreignRuns([action], window, 350)).toEqual([]);
  });

  it('are named with their time and effect', () => {
    const [run] = foreignRuns([{ ...nightly, timeZone: 'Europe/Berlin' }], window, 350);
    expect(run && describeForeign(run)).toBe(
      'nightly at 2027-03-02T19:00:00.000Z (0 20 * * *, Europe/Berlin): min 3, desired 3',
    );
  });

  it('give the size that the fleet will have by then', () => {
    const morning = { name: 'morning', start: iso('02T06:00'), recurrence: '0 6 * * *', min: 4, desired: 10 };
    const size = { min: 4, desired: 8 };
    expect(sizeAt([nightly, morning], now, time('01T19:00'), size)).toEqual(size);
    expect(sizeAt([nightly, morning], now, time('01T21:00'), size)).toEqual({ min: 3, desired: 3 });
    expect(sizeAt([nightly, morning], now, time('02T09:00'), size)).toEqual({ min: 4, desired: 10 });
    // Weeks ahead, too; and a minimum that is raised takes the size with it.
    expect(sizeAt([nightly], now, time('28T09:00'), size)).toEqual({ min: 3, desired: 3 });
    expect(sizeAt([{ name: 'up', start: iso('03T06:00'), min: 12 }], now, time('28T09:00'), size)).toEqual({
      min: 12,
      desired: 12,
    });
    // Our own events end as they began.
    expect(sizeAt(event('02T09:00', '02T14:00'), now, time('02T10:00'), size)).toEqual(size);
  });
});
