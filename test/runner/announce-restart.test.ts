import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it } from 'vitest';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { tell } from '../../src/notify/text.ts';
import { restartOperation } from '../../src/restart/operation.ts';
import { createAnnouncer } from '../../src/runner/announce.ts';
import type { RunnerServices } from '../../src/runner/ports.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { runnerOfTest } from './support/runner-context.ts';

const run: RunRecord = {
  ...{
    id: '20270301T090000-aaaa',
    operation: 'restart',
    app: 'api',
    environment: 'production',
    by: 'ann@h',
    host: 'h',
  },
  ...{ startedAt: '2027-03-01T09:00:00.000Z', command: 'pipeline restart api', steps: [] },
};
const error = { code: 'target.unhealthy', message: 'i-1 did not become healthy', details: [] };

/** What is announced of a restart with this end. */
async function announced(end: Partial<RunRecord>) {
  const ledger = createLedger(createMemoryStore(), {
    ...{ environment: 'production', clock: new ManualClock(), identity: { owner: 'ann', host: 'h' } },
  });
  const notify = { mute: false, targets: [{ to: 'webhook', url: 'https://hooks.example.com/x', events: undefined }] };
  const services = { ledger, fleet: { app: 'api', notify } } as unknown as RunnerServices;
  const runner = runnerOfTest(new ManualClock(), 'pipeline restart api');
  const announcer = createAnnouncer(runner, services, restartOperation);
  await announcer.start(run, () => ({}));
  await announcer.end({ ...run, ...end });
  expect(runner.messages).toEqual([]);
  return (await ledger.outbox.newest(10)).map(({ notification }) => notification);
}

it('a restart that is done announces neither its start nor its end', async () => {
  expect(await announced({ outcome: 'done' })).toEqual([]);
});

it.each([
  ['rolled-back', 'what it had taken out of service is back'],
  ['manual-intervention', 'manual intervention required: not everything could be rolled back'],
] as const)(
  'a restart that fails with the outcome %s announces that, why, and what it has left',
  async (outcome, left) => {
    const [failed, ...more] = await announced({ outcome, error });
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ occasion: 'failed', brings: 'restarted' });
    const { headline, details } = tell(failed as NonNullable<typeof failed>);
    expect(headline).toBe('api was not restarted on every instance in production: i-1 did not become healthy');
    expect(details).toEqual([
      left,
      'more: pipeline history api 20270301T090000-aaaa --env production',
      'run 20270301T090000-aaaa by ann@h: pipeline restart api',
    ]);
  },
);
