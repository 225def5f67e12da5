import { expect, it } from 'vitest';
import { findInterruptedRun, findUnfinishedRun } from '../../src/ledger/interrupted-runs.ts';
import type { RunRecord } from '../../src/ledger/types.ts';

const changesVersion = (operation: string) => ['release', 'fast-rollback'].includes(operation);

const recordsOf = (runs: string[]) =>
  runs.map((text, index) => {
    const [operation, outcome] = text.split(':');
    return { id: `${index}`, operation, ...(outcome && { outcome, finishedAt: 'then' }) } as RunRecord;
  });

/** Runs as `operation` or `operation:outcome`, the newest first; those without an outcome have no end. */
const among = async (...runs: string[]) => {
  const records = recordsOf(runs);
  return (await findInterruptedRun({ ledger: { runs: async () => records }, changesVersion }, 'api'))?.id;
};

it('the unfinished run is the newest that crashed or requires manual intervention, and is not obsolete', async () => {
  const unfinished = async (wanted: RegExp, ...runs: string[]) => {
    const history = { ledger: { runs: async () => recordsOf(runs) }, changesVersion };
    return (await findUnfinishedRun(history, 'api', (name) => wanted.test(name)))?.id;
  };
  expect(await unfinished(/./, 'release:manual-intervention', 'scale')).toBe('0');
  expect(await unfinished(/./, 'scale:done', 'scale', 'release:manual-intervention')).toBe('2');
  expect(await unfinished(/release/, 'page', 'release')).toBe('1');
  expect(await unfinished(/./, 'fast-rollback:interrupted', 'release:manual-intervention')).toBeUndefined();
  expect(await unfinished(/./, 'release:done', 'scale:manual-intervention')).toBe('1');
});

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
