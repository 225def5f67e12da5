import { expect, it } from 'vitest';
import { findInterruptedRun } from '../../src/ledger/interrupted-runs.ts';
import type { RunRecord } from '../../src/ledger/types.ts';

const changesVersion = (operation: string) => ['release', 'fast-rollback'].includes(operation);

/** Runs as `operation` or `operation:outcome`, the newest first; those without an outcome have no end. */
const among = async (...runs: string[]) => {
  const records = runs.map((text, index) => {
    const [operation, outcome] = text.split(':');
    return { id: `${index}`, operation, ...(outcome && { outcome, finishedAt: 'then' }) } as RunRecord;
  });
  return (await findInterruptedRun({ ledger: { runs: async () => records }, changesVersion }, 'api'))?.id;
};

it('the interrupted run is the newest one without an end, also behind finished ones', async () => {
  expect(await among('release:done', 'scale:done')).toBeUndefined();
  expect(await among('scale', 'release:done')).toBe('0');
  expect(await among('page:done', 'release', 'release')).toBe('1');
  expect(await among('release:failed', 'release:rolled-back', 'release')).toBe('2');
});

it('an interrupted run is ignored once a later release or rollback has replaced its result', async () => {
  expect(await among('fast-rollback:done', 'release')).toBeUndefined();
  expect(await among('release:manual-intervention', 'fast-rollback')).toBeUndefined();
  expect(await among('fast-rollback:done', 'release', 'scale')).toBe('2');
});
