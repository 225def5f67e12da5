import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/ledger/types.ts';
import { expectedTime, readExpectedTime } from '../../src/runner/expected-time.ts';

const steps = [{ id: 'stage' }, { id: 'roll' }];

function run(seconds: number, [stage, roll]: [number, number], changes: Partial<RunRecord> = {}): RunRecord {
  const step = (id: string, took: number) => ({ id, title: id, status: 'done', seconds: took });
  return {
    ...{ id: 'run', operation: 'release', app: 'api', environment: 'production', by: 'ann', host: 'h', command: '' },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', outcome: 'done', seconds },
    steps: [step('stage', stage), step('roll', roll)],
    ...changes,
  };
}

test('the expected time is the median of the runs that succeeded with the same steps, step by step', () => {
  const runs = [
    run(100, [40, 60]),
    run(900, [20, 880]),
    run(120, [50, 70]),
    run(5, [5, 0], { outcome: 'rolled-back' }),
    run(7, [7, 0], { steps: [{ id: 'stage', title: 'stage', status: 'done', seconds: 7 }] }),
  ];
  expect(expectedTime(runs, steps)).toEqual({ seconds: 120, steps: { stage: 40, roll: 70 }, runs: 3 });
});

test('a step that was skipped in some runs is expected by those that did it, and one that no run did is not expected', () => {
  const skipped = { id: 'stage', title: 'stage', status: 'skipped', seconds: 0 };
  const [, rolled] = run(60, [0, 60]).steps;
  const runs = [run(60, [0, 60], { steps: [skipped, rolled as RunRecord['steps'][number]] })];
  expect(expectedTime(runs, steps)).toEqual({ seconds: 60, steps: { roll: 60 }, runs: 1 });
  expect(expectedTime([...runs, run(100, [40, 60])], steps)?.steps).toEqual({ stage: 40, roll: 60 });
});

test('without a run like it nothing is expected', () => {
  expect(expectedTime([run(5, [5, 0], { outcome: 'failed' })], steps)).toBeUndefined();
});

test('the ledger is read once, for the same operation and environment, and one that cannot be read expects nothing', async () => {
  let reads = 0;
  const ledger = {
    runs: async () => {
      reads++;
      return [run(100, [40, 60]), run(1, [1, 0], { environment: 'staging' }), run(1, [1, 0], { operation: 'scale' })];
    },
  };
  const wanted = { operation: 'release', app: 'api', environment: 'production', steps };
  expect(await readExpectedTime(ledger, wanted)).toMatchObject({ seconds: 100, runs: 1 });
  expect(reads).toBe(1);
  expect(await readExpectedTime({ runs: () => Promise.reject(new Error('no')) }, wanted)).toBeUndefined();
});
