import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/ledger/ledger.ts';
import { encode, ledgerSchema, readRecord } from '../../src/ledger/records.ts';
import { instantClock } from '../support/instant-clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';

describe('the schema of a record', () => {
  it('is stored with each record and is not part of what is read', async () => {
    const store = createMemoryStore();
    await store.put('releases/api/v1', encode({ version: 'v1' }), 'always');
    expect(JSON.parse((await store.get('releases/api/v1'))?.text ?? '')).toEqual({
      version: 'v1',
      schema: ledgerSchema,
    });
    expect((await readRecord(store, 'releases/api/v1'))?.value).toEqual({ version: 'v1' });
  });

  it('is 1 for a record from before it was stored', async () => {
    const store = createMemoryStore();
    await store.put('releases/api/v1', '{ "version": "v1" }', 'always');
    expect((await readRecord(store, 'releases/api/v1'))?.value).toEqual({ version: 'v1' });
  });

  it('refuses a record of a newer program with both versions and the fix, to readers and writers, and changes nothing', async () => {
    const store = createMemoryStore();
    const clock = instantClock();
    const ledger = createLedger(store, { environment: 'local', clock, identity: { owner: 'ann', host: 'h' } });
    const text = JSON.stringify({ version: 'v1', schema: ledgerSchema + 1 });
    for (const key of ['releases/api/v1', 'runs/20260101T000000-abcd.api', 'locks/api']) {
      await store.put(key, text, 'always');
    }
    const newer = {
      code: 'ledger.newer',
      outcome: 'usage',
      message: expect.stringMatching(/has schema 2, and this version of the pipeline reads schema 1/),
      fix: expect.stringContaining('update golden-pipeline'),
    };
    await expect(ledger.releases('api')).rejects.toMatchObject(newer);
    await expect(ledger.runs('api')).rejects.toMatchObject(newer);
    await expect(ledger.lockOf('api')).rejects.toMatchObject(newer);
    await expect(ledger.lock('api', { command: 'pipeline release api' })).rejects.toMatchObject(newer);
    await expect(ledger.updateRelease('api', 'v1', { state: 'failed' })).rejects.toMatchObject(newer);
    expect((await store.get('releases/api/v1'))?.text).toBe(text);
    expect((await store.get('locks/api'))?.text).toBe(text);
  });

  it('refuses a schema that is not a number', async () => {
    const store = createMemoryStore();
    await store.put('releases/api/v1', '{ "schema": "next" }', 'always');
    await expect(readRecord(store, 'releases/api/v1')).rejects.toMatchObject({ code: 'ledger.newer' });
  });
});
