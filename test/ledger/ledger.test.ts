import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { child, draft, folder, open } from './support/bench.ts';

const runRecord = (id: string, app = 'api'): RunRecord => ({
  id,
  operation: 'release',
  app,
  environment: 'local',
  startedAt: '2026-01-01T00:00:00.000Z',
  by: 'anna',
  host: 'laptop',
  command: 'pipeline release api',
  steps: [],
});

describe('releases in the ledger', () => {
  it('are numbered by app and environment, and only some fields can change', async () => {
    const dir = await folder();
    const ledger = open(dir);
    expect(await ledger.releases('api')).toEqual([]);
    expect(await ledger.reserveRelease(draft)).toEqual({
      ...draft,
      version: 'v1',
      state: 'building',
      knownGood: false,
    });
    await ledger.reserveRelease(draft);
    expect((await ledger.reserveRelease({ ...draft, app: 'frontend' })).version).toBe('v1');
    expect((await open(dir, undefined, 'anna', 'production').reserveRelease(draft)).version).toBe('v1');
    const image = { region: 'eu-west-1', imageId: 'ami-1', name: 'api-local-v2' };
    await ledger.updateRelease('api', 'v2', { state: 'released', image });
    expect(await ledger.updateRelease('api', 'v2', { knownGood: true })).toMatchObject({
      state: 'released',
      image,
      knownGood: true,
    });
    expect((await ledger.releases('api')).map((release) => [release.version, release.state])).toEqual([
      ['v1', 'building'],
      ['v2', 'released'],
    ]);
    expect(await ledger.release('api', 'v2')).toMatchObject({ knownGood: true });
  });

  it('sort by number, and a number is never used twice', async () => {
    const ledger = open(await folder());
    for (let i = 0; i < 11; i++) await ledger.reserveRelease(draft);
    await ledger.updateRelease('api', 'v11', { state: 'failed' });
    expect((await ledger.reserveRelease(draft)).version).toBe('v12');
    expect((await ledger.releases('api')).at(-1)?.version).toBe('v12');
  });

  it('get a number above the one that the caller has seen, and above their own', async () => {
    const ledger = open(await folder());
    expect((await ledger.reserveRelease(draft, { above: 41 })).version).toBe('v42');
    expect((await ledger.reserveRelease(draft, { above: 3 })).version).toBe('v43');
  });

  it('are added where they are missing, and never overwritten', async () => {
    const ledger = open(await folder());
    const record = { ...draft, version: 'v7', state: 'released', knownGood: true } as const;
    expect(await ledger.addRelease(record)).toBe(true);
    expect(await ledger.addRelease({ ...record, knownGood: false })).toBe(false);
    expect(await ledger.release('api', 'v7')).toEqual(record);
    await expect(ledger.addRelease({ ...record, version: '../v7' })).rejects.toMatchObject({ outcome: 'usage' });
  });

  it('are reserved once, by concurrent callers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 8 }), async (callers) => {
        const dir = await folder();
        const taken = await Promise.all(Array.from({ length: callers }, () => open(dir).reserveRelease(draft)));
        expect(new Set(taken.map((release) => release.version)).size).toBe(callers);
      }),
      { numRuns: 5 },
    );
  });

  it('are reserved once between processes', async () => {
    const dir = await folder();
    const [one, two] = await Promise.all([child('reserve', dir, '15').all(), child('reserve', dir, '15').all()]);
    expect([...one, ...two].length).toBe(30);
    expect(new Set([...one, ...two]).size).toBe(30);
  });

  it('that are unknown are refused or undefined', async () => {
    const ledger = open(await folder());
    expect(await ledger.release('api', 'v9')).toBeUndefined();
    expect(await ledger.release('api', '../../etc')).toBeUndefined();
    await expect(ledger.release('../api', 'v1')).rejects.toMatchObject({ code: 'name.app' });
    for (const version of ['v9', '../x']) {
      await expect(ledger.updateRelease('api', version, { knownGood: true })).rejects.toMatchObject({
        code: 'release.unknown',
        outcome: 'usage',
      });
    }
  });

  it('that are damaged are named', async () => {
    const dir = await folder();
    const ledger = open(dir);
    await ledger.reserveRelease(draft);
    await writeFile(join(dir, 'local/releases/api/v1.json'), '{"app":');
    await expect(ledger.release('api', 'v1')).rejects.toMatchObject({
      code: 'ledger.corrupt',
      message: expect.stringContaining('releases/api/v1'),
    });
  });
});

describe('runs in the ledger', () => {
  it('are listed newest first, by app, up to a limit', async () => {
    const ledger = open(await folder());
    for (const second of [3, 1, 2]) await ledger.saveRun(runRecord(`20260101T00000${second}-aaaa`));
    await ledger.saveRun(runRecord('20260101T000009-aaaa', 'frontend'));
    await ledger.saveRun({ ...runRecord('20260101T000002-aaaa'), outcome: 'done' });
    expect((await ledger.runs('api')).map((run) => [run.id.slice(14, 15), run.outcome])).toEqual([
      ['3', undefined],
      ['2', 'done'],
      ['1', undefined],
    ]);
    expect(await ledger.runs('api', 1)).toHaveLength(1);
    expect((await ledger.run('20260101T000009-aaaa'))?.app).toBe('frontend');
    expect(await ledger.run('20260101T000008-aaaa')).toBeUndefined();
    expect(await ledger.run('../locks/api')).toBeUndefined();
    await expect(ledger.saveRun(runRecord('../x'))).rejects.toMatchObject({ code: 'run.id' });
  });

  it('keep what two processes add at once, and stay as they are where nothing is to be changed', async () => {
    const store = createMemoryStore();
    const identity = { owner: 'anna', host: 'laptop' };
    const opened = () => createLedger(store, { environment: 'local', clock: new ManualClock(), identity });
    const run = runRecord('20260101T000001-aaaa');
    await opened().saveRun(run);
    const add = (warning: string) =>
      opened().updateRun(run.id, (now) => ({ ...now, warnings: [...(now.warnings ?? []), warning] }));
    await Promise.all(['a', 'b', 'c'].map(add));
    expect((await opened().run(run.id))?.warnings?.sort()).toEqual(['a', 'b', 'c']);
    expect(await opened().updateRun(run.id, () => undefined)).toBeUndefined();
    expect(await opened().updateRun('20260101T000008-aaaa', (now) => now)).toBeUndefined();
    expect(await opened().run(run.id)).toMatchObject(run);
  });
});

describe('journals in the ledger', () => {
  const run = '20260101T000000-ab12';

  it('keep entries in order and refuse a gap or a second writer', async () => {
    const dir = await folder();
    const [one, two] = [open(dir), open(dir)];
    expect(await one.journal(run)).toEqual([]);
    for (let sequence = 1; sequence <= 12; sequence++) await one.appendJournal(run, sequence, { sequence });
    expect(await two.journal(run)).toEqual(Array.from({ length: 12 }, (_, index) => ({ sequence: index + 1 })));
    await expect(two.appendJournal(run, 12, {})).rejects.toMatchObject({ code: 'journal.conflict' });
    await expect(two.appendJournal(run, 14, {})).rejects.toMatchObject({ code: 'journal.conflict' });
    await expect(two.appendJournal('../x', 1, {})).rejects.toMatchObject({ code: 'run.id' });
    expect(await two.journal('../x')).toEqual([]);
  });
});
