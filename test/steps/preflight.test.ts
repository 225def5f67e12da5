import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileLedger } from '../../src/ledger/ledger.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { preflight } from '../../src/steps/preflight.ts';
import { journaled, journaledContext } from './support/journaled-context.ts';

let dir: string;
let ledger: Ledger;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-preflight-'));
  const identity = { owner: 'tester', host: 'here' };
  ledger = createFileLedger({ dir, environment: 'local', clock: systemClock(), identity });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const reserve = (run: string) =>
  ledger.reserveRelease({
    app: 'api',
    environment: 'local',
    commit: 'a'.repeat(40),
    ref: 'HEAD',
    createdAt: '2026-01-01T00:00:00.000Z',
    createdBy: 'tester@here',
    run,
  });
const states = async () => (await ledger.releases('api')).map(({ version, state }) => `${version} ${state}`);

describe('the undo of the preflight', () => {
  it('fails the version that its run has reserved, also when nobody knows how the reservation ended', async () => {
    await reserve('run-0');
    await reserve('run-1');
    // As planned; another version may have been given.
    const { context } = journaledContext({ version: 'v1' }, { ledger }, [journaled('reserve-version', 'api')]);
    await preflight.undo?.(context);
    expect(await states()).toEqual(['v1 building', 'v2 failed']);
  });

  it('has nothing to do when nothing was reserved', async () => {
    await reserve('run-0');
    const refused = journaled('reserve-version', 'api', { error: 'the disk is full' });
    const { context } = journaledContext({ version: 'v2' }, { ledger }, [refused]);
    await preflight.undo?.(context);
    expect(await states()).toEqual(['v1 building']);
  });
});
