import { describe, expect, it } from 'vitest';
import { restartsConvict, restartText, type WindowRestarts } from '../../src/analysis/restart-rate.ts';
import type { RestartBaseline } from '../../src/analysis/types.ts';

/** The defaults of production. */
const limits = { errorFactor: 2, unhealthyPercent: 2 };
const hour = 3600;

/** A window of 300 s. */
const on = (restarted: number, known: number, change: Partial<WindowRestarts> = {}): WindowRestarts => ({
  ...{ restarted, known, times: restarted, seconds: 300, serving: known },
  ...change,
});
const earlier = (restarted: number, instances: number, seconds: number): RestartBaseline => ({
  ...{ restarted, instances, seconds: instances * seconds },
});

describe('restarts in a window', () => {
  it.each<[string, WindowRestarts, RestartBaseline | undefined]>([
    ['all instances of a small fleet, once each, and none before', on(3, 3), earlier(0, 3, 60)],
    ['the only instance, in the first release', on(1, 1), undefined],
    [
      'the only instance again and again, which exited once a day before',
      on(1, 1, { times: 20 }),
      earlier(1, 1, 24 * hour),
    ],
    ['half of the instances, and none in hours before', on(2, 4), earlier(0, 4, 4 * hour)],
    ['every ten seconds what exited every ten minutes before', on(4, 4, { times: 120 }), earlier(4, 4, 300)],
    ['three of ten that were read of 200', on(3, 10, { serving: 200 }), earlier(0, 10, 48 * hour)],
  ])('fail a version: %s', (_what, now, was) => {
    expect(restartsConvict(now, was, limits)).toBe(true);
  });

  it.each<[string, WindowRestarts, RestartBaseline | undefined]>([
    ['none', on(0, 4), earlier(0, 4, hour)],
    ['a service that exits every ten minutes, before as well', on(2, 4), earlier(4, 4, 300)],
    ['a service that exits every minute on all instances at once', on(4, 4, { times: 20 }), earlier(4, 4, 59)],
    ['the same where the init does not count', on(4, 4), earlier(4, 4, 59)],
    ['one kill among 200 instances of which ten were read', on(1, 10, { serving: 200 }), earlier(0, 10, 48 * hour)],
    ['one of four that have been up for an hour', on(1, 4), earlier(0, 4, hour)],
    ['half of the instances, in the first release', on(2, 4), undefined],
  ])('do not fail a version: %s', (_what, now, was) => {
    expect(restartsConvict(now, was, limits)).toBe(false);
  });

  it('are worded with those of before', () => {
    const report = {
      restarted: [
        { id: 'i-1', times: 1 },
        { id: 'i-2', times: 3 },
      ],
      known: 4,
    };
    const text = 'the service has restarted by itself on 2 of 4 instances: i-1, i-2 (3 times)';
    expect(restartText(report, undefined)).toBe(text);
    expect(restartText(report, earlier(0, 4, 48 * hour))).toBe(
      `${text}, before: on none of 4, which had run for 48 h on average`,
    );
    expect(restartText(report, earlier(3, 4, 300))).toBe(
      `${text}, before: on 3 of 4, which had run for 5 min on average`,
    );
  });
});
