import { describe, expect, it } from 'vitest';
import { coverageOf, coverageText, type Seen } from '../../src/analysis/coverage.ts';

const seen: Seen = {
  probes: { paths: ['/version', '/'], answers: 1500 },
  counters: { minutes: 4, evaluated: 4, requests: 1204 },
  alarms: ['api-errors'],
  limits: { minSamples: 20, reads: 2 },
};
const all = { restarted: [], known: 4, unknown: [], serving: 4, seconds: 300 };

const text = (change: Partial<Seen>, restarts: Parameters<typeof coverageOf>[2] = all) =>
  coverageText(coverageOf(300.4, { ...seen, ...change }, restarts, { restarts: true }));

describe('what a verify window could see', () => {
  it('is one line with its length, its numbers, and what nobody could see', () => {
    expect(text({})).toBe(
      'watched 300 s: target health, probes of /version, / (1,500 answers), counters of the load balancer for 4 whole minutes (1,204 requests), alarms api-errors, restarts on 4 instances; not seen: what no request has reached',
    );
  });

  it.each<[string, Partial<Seen>, Parameters<typeof coverageOf>[2] | 'short', string]>([
    [
      'there is no version before',
      { probes: undefined, counters: undefined },
      all,
      'errors and response times, as there',
    ],
    [
      'nothing was counted before',
      { counters: undefined },
      all,
      'errors of real requests, as the load balancer had counted none before',
    ],
    [
      'too few minutes were whole',
      { counters: { minutes: 1, evaluated: 1, requests: 90 } },
      all,
      'errors of real requests, which need 2 whole minutes',
    ],
    ['it was too short for restarts', {}, 'short', 'restarts, which need 10 s or more'],
    [
      'an instance did not answer',
      {},
      { restarted: [], known: 3, unknown: [{ id: 'i-1', why: 'no SSH' }], serving: 4, seconds: 60 },
      'restarts on i-1 (no SSH)',
    ],
  ])('says what is missing when %s', (_what, change, restarts, missing) => {
    const line = coverageText(
      coverageOf(60, { ...seen, ...change }, restarts === 'short' ? undefined : restarts, { restarts: true }),
    );
    expect(line).toContain(`; not seen: ${missing}`);
    expect(line).toMatch(/; what no request has reached$/);
  });

  it('says that restarts were not counted where that is turned off', () => {
    expect(coverageText(coverageOf(300, seen, undefined, { restarts: false }))).toContain(
      '; not seen: restarts, as watch.restarts is false; what',
    );
  });
});
