import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { Prober } from '../../src/analysis/prober.ts';
import type { Sample } from '../../src/analysis/types.ts';
import type { Probe } from '../../src/hosts/probe.ts';

function start(probe: Probe, perSecond = 4) {
  const clock = new ManualClock();
  const samples: Sample[] = [];
  const prober = new Prober({
    clock,
    probe,
    url: 'http://fleet',
    asked: [{ path: '/a', status: 200 }, { path: '/b' }],
    headers: { 'x-golden-validation': 'fleet' },
    perSecond,
    versions: [],
    take: (sample) => samples.push(sample),
  });
  return { clock, samples, prober };
}

describe('the prober', () => {
  it('requests each path in turn at the given rate, with the headers, until it is stopped', async () => {
    const asked: string[] = [];
    const { clock, samples, prober } = start(async (url, { headers }) => {
      asked.push(`${url} ${headers?.['x-golden-validation']}`);
      return { status: 200, body: '', ms: 7 };
    });
    await clock.advance(2000);
    prober.stop();
    await clock.advance(5000);
    expect(asked).toHaveLength(9);
    expect(asked.slice(0, 3)).toEqual(['http://fleet/a fleet', 'http://fleet/b fleet', 'http://fleet/a fleet']);
    expect(samples.map(({ path, ms }) => `${path} ${ms}`).slice(0, 2)).toEqual(['/a 7', '/b 7']);
  });

  it('counts a request without an answer as an error, with the reason', async () => {
    const { clock, samples, prober } = start(async () => {
      throw new Error('connection refused');
    });
    await clock.advance(100);
    prober.stop();
    expect(samples).toMatchObject([{ path: '/a', fault: 'gave no answer: connection refused' }]);
  });

  it('does not pile up requests on a fleet that hangs', async () => {
    let underWay = 0;
    const { clock, samples, prober } = start(() => new Promise(() => underWay++), 50);
    await clock.advance(60_000);
    prober.stop();
    expect(underWay).toBe(20);
    expect(samples).toEqual([]);
  });
});
