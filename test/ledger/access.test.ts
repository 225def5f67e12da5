import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { beforeEach, expect, it } from 'vitest';
import type { AccessRecord } from '../../src/ledger/access.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { findAccess, readHistory } from '../../src/status/history.ts';
import { createMemoryStore } from '../support/memory-store.ts';

let ledger: Ledger;
const record = (id: string, more: Partial<AccessRecord> = {}): AccessRecord => ({
  ...{ id, operation: 'exec', app: 'api', environment: 'local', startedAt: '2027-03-01T09:00:00.000Z', by: 'ann@h' },
  ...{ host: 'h', command: 'pipeline exec api -- ls', instances: [{ id: 'i-1', version: 'v7', exitCode: 0 }], ...more },
});

beforeEach(() => {
  ledger = createLedger(createMemoryStore(), {
    ...{ environment: 'local', clock: new ManualClock(), identity: { owner: 'ann', host: 'h' } },
  });
});

it('accesses are kept by app, newest first, and are no runs', async () => {
  await ledger.access.save(record('20270301T090000-aaaa'));
  await ledger.access.save(record('20270301T090100-bbbb', { finishedAt: '2027-03-01T09:01:05.000Z' }));
  await ledger.access.save(record('20270301T090200-cccc', { app: 'web' }));
  expect((await ledger.access.list('api', 10)).map(({ id }) => id)).toEqual([
    '20270301T090100-bbbb',
    '20270301T090000-aaaa',
  ]);
  expect(await ledger.access.list('api', 1)).toHaveLength(1);
  expect(await ledger.access.ids('api', '20270301T0900')).toEqual(['20270301T090000-aaaa']);
  expect(await ledger.runs('api')).toEqual([]);
  await expect(ledger.access.save(record('../x'))).rejects.toMatchObject({ code: 'run.id' });
});

it('history has accesses among the runs, by their times, with how they ended', async () => {
  await ledger.access.save(record('20270301T090000-aaaa', { finishedAt: '2027-03-01T09:00:05.000Z' }));
  await ledger.access.save(
    record('20270301T090200-cccc', {
      finishedAt: '2027-03-01T09:02:01.000Z',
      instances: [{ id: 'i-1', error: 'no SSH' }],
    }),
  );
  await ledger.saveRun({
    ...{ id: '20270301T090100-bbbb', operation: 'release', app: 'api', environment: 'local', outcome: 'done' },
    ...{ startedAt: '2027-03-01T09:01:00.000Z', by: 'ann@h', host: 'h', command: 'pipeline release api', steps: [] },
  });
  expect((await readHistory(ledger, 'api', 10)).map((one) => [one.operation, one.outcome, one.seconds])).toEqual([
    ['exec', 'failed', expect.any(Number)],
    ['release', 'done', undefined],
    ['exec', 'done', 5],
  ]);
  expect((await findAccess(ledger, 'api', '20270301T0900'))?.id).toBe('20270301T090000-aaaa');
  expect(await findAccess(ledger, 'api', '20270301T0901')).toBeUndefined();
  expect(await findAccess(ledger, 'api', '20270301')).toBeUndefined();
});

it('history has as many runs as its limit, however many accesses there are, and none from before the oldest run', async () => {
  const ids = (minute: number) => `20270301T09${String(minute).padStart(2, '0')}00`;
  for (const minute of [0, 10]) {
    await ledger.saveRun({
      ...{ id: `${ids(minute)}-rrrr`, operation: 'release', app: 'api', environment: 'local', outcome: 'done' },
      ...{ startedAt: '2027-03-01T09:00:00.000Z', by: 'ann@h', host: 'h', command: 'pipeline release api', steps: [] },
    });
  }
  for (const minute of [5, 11, 12, 13]) await ledger.access.save(record(`${ids(minute)}-aaaa`));
  const shown = async (limit: number) => (await readHistory(ledger, 'api', limit)).map(({ id }) => id.slice(11, 13));
  expect(await shown(1)).toEqual(['13', '10']);
  expect(await shown(2)).toEqual(['13', '12', '10', '00']);
  expect(await shown(9)).toEqual(['13', '12', '11', '10', '05', '00']);
});
