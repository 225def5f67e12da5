import { PipelineError } from '@golden-pipeline/shared/errors';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, test } from 'vitest';
import type { LockRecord } from '../../src/ledger/types.ts';
import { whenLockIsFree } from '../../src/runner/wait-for-lock.ts';
import { fakeLedger } from './support/fake-ledger.ts';
import { runnerOfTest } from './support/runner-context.ts';

const lockOf = (owner: string, fence: number): LockRecord => ({
  ...{
    app: 'api',
    environment: 'local',
    owner,
    host: 'h',
    command: 'pipeline release api',
    run: `run-${fence}`,
    fence,
  },
  ...{ since: '2026-01-01T00:00:00.000Z', heartbeat: '', expires: '' },
});

/** Waits for at most 10 minutes, while `holder.now` says who holds the lock. */
function waiting(attempt: () => Promise<number>, holder: { now: LockRecord | undefined }) {
  const clock = new ManualClock();
  const runner = runnerOfTest(clock, 'pipeline release api');
  const { ledger } = fakeLedger({ findHolder: async () => holder.now });
  const services = { ledger, fleet: { app: 'api', environment: 'local', cloud: 'local' as const } };
  const result = whenLockIsFree(runner, services, 600_000, attempt).catch((error: unknown) => error);
  return { clock, runner, result };
}

test('a lock that is free is not waited for, and nothing is reported', async () => {
  const { runner, result } = waiting(async () => 0, { now: undefined });
  expect(await result).toBe(0);
  expect(runner.messages).toEqual([]);
});

test('who holds the lock is reported at once, once a minute, and whenever it is somebody else', async () => {
  const holder: { now: LockRecord | undefined } = { now: lockOf('ann', 1) };
  const { clock, runner, result } = waiting(async () => 0, holder);
  await clock.advance(70_000);
  holder.now = lockOf('bob', 2);
  await clock.advance(10_000);
  holder.now = undefined;
  await clock.advance(10_000);
  expect(await result).toBe(0);
  const seen = runner.messages.map((one) => ('holder' in one ? `${one.code} ${one.holder.owner}` : one.code));
  expect(seen).toEqual(['lock.awaited ann', 'lock.awaited ann', 'lock.awaited bob', 'lock.free']);
});

test('a lock that is still held at the end of the wait is refused with exit code 5, naming who holds it', async () => {
  const { clock, result } = waiting(async () => 0, { now: lockOf('ann', 1) });
  await clock.advance(600_000);
  expect(await result).toMatchObject({
    code: 'lock.held',
    outcome: 'locked',
    message: 'api in local is still locked by ann@h for "pipeline release api", after a wait of 600 s',
  });
});

test('a run that loses the lock to a quicker one waits and is planned again, until the time is over', async () => {
  let attempts = 0;
  const held = new PipelineError('lock.held', 'api is locked by bob', { outcome: 'locked' });
  const { clock, result } = waiting(async () => (++attempts < 3 ? Promise.reject(held) : 0), { now: undefined });
  await clock.advance(10_000);
  expect(await result).toBe(0);
  expect(attempts).toBe(3);
});

test('another error of the run ends the wait', async () => {
  const refused = new PipelineError('hold.active', 'on hold', { outcome: 'locked' });
  const { result } = waiting(() => Promise.reject(refused), { now: undefined });
  expect(await result).toBe(refused);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the wait, and nothing has begun', async (signal) => {
  let attempts = 0;
  const { clock, runner, result } = waiting(async () => ++attempts, { now: lockOf('ann', 1) });
  await clock.advance(5_000);
  runner.signals.emit(signal);
  expect(await result).toMatchObject({ code: 'run.interrupted', outcome: 'interrupted', signal });
  expect(attempts).toBe(0);
  expect(runner.signals.listenerCount(signal)).toBe(0);
});
