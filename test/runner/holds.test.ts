import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { beforeEach, expect, it } from 'vitest';
import type { Services } from '../../src/fleet/services.ts';
import type { HoldRecord } from '../../src/ledger/holds.ts';
import { checkHolds } from '../../src/runner/holds.ts';
import { operations } from '../../src/runner/operations.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { fakeLedger } from './support/fake-ledger.ts';
import { runnerOfTest } from './support/runner-context.ts';
import { painted, planToy, toyOperation } from './support/toy-operation.ts';

const operation = { ...toyOperation, stoppedByHolds: true };
const sale: HoldRecord = {
  environment: 'local',
  reason: 'sale',
  by: 'ann@laptop',
  since: '2026-01-01T00:00:00.000Z',
  until: '2026-01-02T00:00:00.000Z',
};
let holds: HoldRecord[];

beforeEach(() => {
  painted.clear();
  holds = [sale];
});

function world() {
  const { ledger, log, runs } = fakeLedger();
  const held = { ...ledger, holds: { ...ledger.holds, inForce: async () => holds } };
  const fleet = { app: 'api', environment: 'local', cloud: 'local' };
  const services = { fleet, ledger: held, by: 'bob@desk' } as unknown as Services;
  return { services, runner: runnerOfTest(new ManualClock(), 'pipeline toy api'), log, runs };
}

it('refuses what is on hold with its reason and its end, before anything is recorded', async () => {
  const { services, runner, log } = world();
  const error = await runOperation(runner, { operation, services, plan: planToy('red') }).catch((one) => one);
  expect(error).toMatchObject({
    code: 'hold.active',
    outcome: 'locked',
    message:
      'everything in local is on hold by ann@laptop since 2026-01-01T00:00:00.000Z, until 2026-01-02T00:00:00.000Z ("sale")',
    fix: expect.stringMatching(/^wait until then, or end it: pipeline unhold --env local; in an emergency: /),
  });
  expect([...painted]).toEqual([]);
  expect(log).toEqual(['lock', 'unlock']);
});

it('begins in an emergency, says so, and keeps the reason in the record', async () => {
  const { services, runner, runs } = world();
  const plan = planToy('red');
  const report = await runOperation(runner, { operation, services, plan, emergency: 'visitors cannot pay' });
  expect(report.result.outcome).toBe('done');
  expect(runner.messages).toContainEqual({ code: 'hold.passed', hold: sale, emergency: 'visitors cannot pay' });
  expect(runs.at(-1)).toMatchObject({ outcome: 'done', emergency: 'visitors cannot pay' });
});

it('records no emergency where nothing was on hold', async () => {
  holds = [];
  const { services, runner, runs } = world();
  await runOperation(runner, { operation, services, plan: planToy('red'), emergency: 'visitors cannot pay' });
  expect(runner.messages).toEqual([]);
  expect(runs.at(-1)).toMatchObject({ outcome: 'done' });
  expect(runs.at(-1)).not.toHaveProperty('emergency');
});

it('does not suggest to wait for a hold without an end', async () => {
  holds = [{ ...sale, until: undefined }, sale];
  const { services, runner } = world();
  await expect(checkHolds(runner, services, operation, undefined)).rejects.toMatchObject({
    fix: expect.stringMatching(/^end it: /),
  });
});

it('stops releases and changes of size, and neither rollbacks nor what repairs a fleet', () => {
  const stopped = operations.filter((one) => one.stoppedByHolds).map((one) => one.name);
  expect(stopped).toEqual(['release', 'scale']);
  const { services, runner } = world();
  return expect(checkHolds(runner, services, toyOperation, undefined)).resolves.toBe(false);
});
