import { describe, expect, it } from 'vitest';
import { isTimeZone, nextRun, parseCron } from '../src/cron.ts';

const following = (text: string, from: string, zone = 'UTC') => {
  const cron = parseCron(text);
  if (!cron) throw new Error(`${text} is not a schedule`);
  const at = nextRun(cron, zone, Date.parse(from));
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('cron', () => {
  it.each([
    ['every minute', '* * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00.000Z'],
    ['not the moment itself', '0 9 * * *', '2026-01-01T09:00:00Z', '2026-01-02T09:00:00.000Z'],
    ['steps', '*/15 * * * *', '2026-01-01T00:16:00Z', '2026-01-01T00:30:00.000Z'],
    ['steps from a number', '5/20 * * * *', '2026-01-01T00:26:00Z', '2026-01-01T00:45:00.000Z'],
    ['ranges and lists', '0 8-10,20 * * *', '2026-01-01T10:30:00Z', '2026-01-01T20:00:00.000Z'],
    ['names of months and days', '30 6 * jun MON', '2026-01-01T00:00:00Z', '2026-06-01T06:30:00.000Z'],
    ['Sunday as 7', '0 0 * * 7', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00.000Z'],
    ['either day when both are restricted', '0 0 13 * 5', '2026-01-03T00:00:00Z', '2026-01-09T00:00:00.000Z'],
    ['29 February', '0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('%s', (_what, text, from, expected) => {
    expect(following(text, from)).toBe(expected);
  });

  it('never comes for a day that no month has', () => {
    expect(following('0 0 30 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  it('keeps the wall clock of the time zone over the change of the clocks', () => {
    const zone = 'Europe/Berlin';
    expect(following('0 9 * * *', '2026-03-28T00:00:00Z', zone)).toBe('2026-03-28T08:00:00.000Z');
    expect(following('0 9 * * *', '2026-03-29T00:00:00Z', zone)).toBe('2026-03-29T07:00:00.000Z');
    // 02:30 does not exist on the day that summer time begins, and comes twice on the day that it ends.
    expect(following('30 2 * * *', '2026-03-28T12:00:00Z', zone)).toBe('2026-03-30T00:30:00.000Z');
    expect(following('30 2 * * *', '2026-10-24T12:00:00Z', zone)).toBe('2026-10-25T00:30:00.000Z');
    expect(following('30 2 * * *', '2026-10-25T00:30:00Z', zone)).toBe('2026-10-26T01:30:00.000Z');
  });

  it('knows the local day where it differs from the day in UTC', () => {
    expect(following('0 1 * * mon', '2026-01-03T00:00:00Z', 'Asia/Tokyo')).toBe('2026-01-04T16:00:00.000Z');
    expect(following('0 22 * * sun', '2026-01-03T00:00:00Z', 'America/New_York')).toBe('2026-01-05T03:00:00.000Z');
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '1,,2 * * * *',
  ])('refuses %j', (text) => {
    expect(parseCron(text)).toBeUndefined();
  });

  it('tells the names of time zones from other words', () => {
    expect(['UTC', 'Etc/GMT+9', 'Pacific/Tahiti', 'Europe/Berlin'].map(isTimeZone)).toEqual([true, true, true, true]);
    expect(['', '+02:00', 'Europe/Atlantis', 'x'].map(isTimeZone)).toEqual([false, false, false, false]);
  });
});
