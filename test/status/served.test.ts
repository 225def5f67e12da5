import { describe, expect, it } from 'vitest';
import { attemptAt } from '../../src/cli/views/attempt.ts';
import type { ReleaseRecord, RunRecord } from '../../src/ledger/types.ts';
import { readServed } from '../../src/status/served.ts';

const commit = 'c'.repeat(40);
const release: ReleaseRecord = {
  ...{ app: 'api', environment: 'production', version: 'v1', commit, ref: 'main', run: 'run-1' },
  ...{ subject: 'Sell tickets', author: 'Ann', createdAt: '2026-01-01T00:00:00Z', createdBy: 'ann@ci' },
  ...{ state: 'released', knownGood: true },
};
const run = (id: string, facts: Partial<RunRecord>): RunRecord => ({
  ...{ id, operation: 'release', app: 'api', environment: 'production', host: 'ci', command: '', steps: [] },
  ...{ startedAt: '2026-01-01T00:00:00Z', by: 'ann@ci', outcome: 'done', version: 'v1' },
  ...{ finishedAt: `2026-01-0${id.slice(-1)}T00:10:00Z` },
  ...facts,
});

const read = (runs: RunRecord[], known: ReleaseRecord | undefined = release) =>
  readServed(
    {
      release: async () => known,
      runs: async () => runs,
      run: async (id) => (id === 'run-1' ? run('run-1', {}) : undefined),
    },
    { app: 'api', version: 'v1' },
    (operation) => operation !== 'prune',
    async (wanted) => `https://github.com/shop/api/commit/${wanted}`,
  );

describe('what is known of the version that serves', () => {
  it('is its commit with a page, and since when and by whom: the last run that led there', async () => {
    const runs = [
      run('run-5', { operation: 'prune' }),
      run('run-4', { version: 'v3', outcome: 'rolled-back' }),
      run('run-3', { operation: 'fast-rollback', by: 'bob@laptop' }),
      run('run-2', { version: 'v2' }),
      run('run-1', {}),
    ];
    expect(await read(runs)).toEqual({
      ...{ version: 'v1', commit, ref: 'main', subject: 'Sell tickets', author: 'Ann' },
      url: `https://github.com/shop/api/commit/${commit}`,
      ...{ since: '2026-01-03T00:10:00Z', by: 'bob@laptop', run: 'run-3' },
    });
  });

  it('is a rollback that stopped after its version served, too', async () => {
    const stopped = { operation: 'fast-rollback', outcome: 'interrupted', committed: true } as const;
    const { run: id } = await read([run('run-3', stopped), run('run-2', { version: 'v2' }), run('run-1', {})]);
    expect(id).toBe('run-3');
    expect(attemptAt(run('run-3', stopped))).toBeUndefined();
    expect(attemptAt(run('run-3', { outcome: 'interrupted' }))).toBe('attempt at v1');
  });

  it('is the run that released it when newer runs fill the list', async () => {
    const { since, by } = await read([run('run-9', { operation: 'prune', version: undefined })]);
    expect({ since, by }).toEqual({ since: '2026-01-01T00:10:00Z', by: 'ann@ci' });
  });

  it('is null where an older program recorded nothing, or the ledger does not know the release', async () => {
    const { subject: _, author: __, ...old } = release;
    expect(await read([], { ...old, run: 'unknown' })).toMatchObject({
      ...{ subject: null, author: null, since: '2026-01-01T00:00:00Z', by: 'ann@ci' },
    });
    const none = await readServed(
      { release: async () => undefined, runs: async () => [], run: async () => undefined },
      { app: 'api', version: 'v1' },
      () => true,
      async () => undefined,
    );
    expect(none).toMatchObject({ version: 'v1', commit: null, url: null, since: null, by: null, run: null });
  });
});
