import { describe, expect, it } from 'vitest';
import { timeOf } from '../../src/cli/times.ts';

describe('a time on the command line', () => {
  it.each([
    ['2027-03-01T09:30+01:00', '2027-03-01T08:30:00.000Z'],
    ['2027-03-01T09:30Z', '2027-03-01T09:30:00.000Z'],
    ['2027-03-01T23:59:59-05:00', '2027-03-02T04:59:59.000Z'],
    ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('is read: %s', (text, iso) => {
    expect(new Date(timeOf(text, '--at')).toISOString()).toBe(iso);
  });

  it.each([
    ['2027-03-01T09:30', 'does not say in which zone'],
    ['2027-02-30T09:30Z', 'is not a time'],
    ['2027-03-01', 'is not a time'],
    ['tomorrow', 'is not a time'],
    ['2027-03-01T25:00Z', 'is not a time'],
    ['', 'is not a time'],
  ])('is refused: %j', (text, message) => {
    expect(() => timeOf(text, '--at')).toThrow(message);
  });
});
