import { expect, it } from 'vitest';
import { readStandings } from '../../../src/fleet/leftovers/run-standing.ts';
import type { RunRecord } from '../../../src/ledger/types.ts';

const record = (id: string, operation: string, outcome?: RunRecord['outcome']): RunRecord => ({
  id,
  operation,
  app: 'api',
  environment: 'local',
  startedAt: '2026-01-01T00:00:00Z',
  by: 'ann',
  host: 'h',
  command: `pipeline ${operation} api`,
  steps: [],
  ...(outcome && { outcome }),
});

/** @param runs The newest first */
const standings = async (runs: RunRecord[], trusted: string[] = []) => {
  const ledger = { runs: async () => runs, run: async (id: string) => runs.find((one) => one.id === id) };
  const history = { ledger, changesVersion: (operation: string) => operation === 'release' };
  const of = await readStandings({ history, app: 'api', trusted }, ['a', 'b', '']);
  return [of('a'), of('b'), of('')];
};

it('a run that crashed or has left something is unfinished until a later one makes it obsolete', async () => {
  expect(await standings([record('b', 'release', 'manual-intervention'), record('a', 'scale')])).toEqual([
    'unfinished',
    'unfinished',
    'unknown',
  ]);
  expect(await standings([record('b', 'release', 'done'), record('a', 'release', 'manual-intervention')])).toEqual([
    'over',
    'over',
    'unknown',
  ]);
  expect(await standings([record('b', 'scale', 'rolled-back'), record('a', 'scale')])).toEqual([
    'unfinished',
    'over',
    'unknown',
  ]);
});

it('a run that the ledger does not have is unknown, unless it is trusted', async () => {
  expect(await standings([])).toEqual(['unknown', 'unknown', 'unknown']);
  expect(await standings([], ['a'])).toEqual(['unfinished', 'unknown', 'unknown']);
});
