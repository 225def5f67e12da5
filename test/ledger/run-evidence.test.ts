import { describe, expect, it } from 'vitest';
import { createEvidenceStore, type RunEvidence } from '../../src/ledger/run-evidence.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const run = '20261130T021421-0wdq';
const evidence: RunEvidence = {
  step: 'roll',
  at: '2026-11-30T02:15:00.000Z',
  instances: [
    {
      id: 'i-1',
      state: 'unhealthy',
      at: '2026-11-30T02:15:00.000Z',
      from: '/srv/api/shared/log/current',
      lines: ['a'],
    },
  ],
  probes: [],
};

describe('the evidence of runs', () => {
  it('is an object of its own for each run, and that of the last process counts', async () => {
    const store = createMemoryStore();
    const runs = createEvidenceStore(store);
    expect(await runs.read(run)).toBeUndefined();
    await runs.save(run, evidence);
    await runs.save(run, { ...evidence, step: 'verify' });
    expect(await runs.read(run)).toEqual({ ...evidence, step: 'verify' });
    expect(await store.list('runs/')).toEqual([]);
    expect(await store.list('evidence/')).toEqual([`evidence/${run}`]);
  });

  it('is not read for what is not the id of a run', async () => {
    const runs = createEvidenceStore(createMemoryStore());
    expect(await runs.read('../locks/api')).toBeUndefined();
    await expect(runs.save('../locks/api', evidence)).rejects.toThrow('not the id of a run');
  });
});
