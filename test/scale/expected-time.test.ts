import { expect, it } from 'vitest';
import type { Services } from '../../src/fleet/services.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { expectedTime } from '../../src/scale/expected-time.ts';

const run = (operation: string, command: string, steps: Record<string, number>, status = 'done'): RunRecord => ({
  id: 'r',
  operation,
  app: 'api',
  environment: 'production',
  startedAt: '2027-01-01T00:00:00Z',
  by: 'me',
  host: 'here',
  command,
  steps: Object.entries(steps).map(([id, seconds]) => ({ id, title: id, status, seconds })),
});
const services = (runs: RunRecord[] | Error) =>
  ({
    fleet: { app: 'api', balancer: { healthCheck: { intervalSeconds: 10, healthyThreshold: 3 } } },
    ledger: {
      runs: async () => {
        if (runs instanceof Error) throw runs;
        return runs;
      },
    },
  }) as unknown as Services;
const release = run('release', 'pipeline release api', { validate: 74 });

it('the expected time is that of the newest scale-out that completed', async () => {
  const failed = run('scale', 'pipeline scale api 350', { resize: 1, wait: 7200 }, 'failed');
  const former = run('scale', 'pipeline scale api 40', { resize: 1.2, wait: 93.4 });
  const older = run('scale', 'pipeline scale api 20', { resize: 1, wait: 500 });
  expect(await expectedTime(services([failed, release, former, older]), {})).toBe(
    'expected time: about 1m 35s, as `pipeline scale api 40` took; boot, and 30s of health checks (3 x 10 s)',
  );
});

it('is else what one instance took to be validated in the last release', async () => {
  expect(await expectedTime(services([release]), { at: Date.parse('2027-03-01T08:30:00.000Z') })).toBe(
    'expected time from 2027-03-01T08:30:00.000Z on: at most about 1m 14s, the time of the last image validation: boot, and 30s of health checks (3 x 10 s)',
  );
});

it.each([[[]], [new Error('no ledger')]])(
  'the expected time without any record is the health checks and an assumed boot: %s',
  async (runs) => {
    expect(await expectedTime(services(runs), {})).toContain(
      'the boot of an instance, and 30s of health checks (3 x 10 s)',
    );
  },
);
