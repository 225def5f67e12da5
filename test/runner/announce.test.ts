import { afterEach, expect, it } from 'vitest';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { abort } from '../../src/runner/abort.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { die } from '../support/dying.ts';
import { Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const announced = (fleet: Simulated['fleet']): Simulated['fleet'] => ({
  ...fleet,
  notify: {
    mute: false,
    targets: [{ to: 'webhook', url: 'https://hooks.example.com/x' }],
  },
});

async function open() {
  world = await Simulated.create([], { settings: announced });
  return world;
}

async function release(opened: Simulated) {
  const { services, clock } = opened;
  let delivered = 0;
  const runner = runnerOfTest(clock, 'pipeline release api', { deliverNotifications: () => void delivered++ });
  const plan = await planRelease(services, clock, {});
  const report = await runOperation(runner, { operation: releaseOperation, services, plan });
  return { report, runner, delivered: () => delivered };
}

const recorded = async ({ services }: Simulated) =>
  (await services.ledger.outbox.newest(10)).map(({ notification }) => notification).reverse();

it('a release that is done has announced its start and its end, with versions, time and the command that undoes it', async () => {
  const opened = await open();
  await release(opened);
  const { report, delivered } = await release(opened);
  expect(report.result.outcome).toBe('done');
  expect(delivered()).toBe(2);
  const [, , released, started] = await recorded(opened);
  expect([started?.occasion, released?.occasion].sort()).toEqual(['released', 'started']);
  const end = [started, released].find((one) => one?.occasion === 'released');
  expect(end).toMatchObject({
    id: `${report.facts.run}.released.webhook`,
    ...{ app: 'api', environment: 'local', version: 'v2', previous: 'v1', serving: 'v2' },
    run: { outcome: 'done', command: 'pipeline release api', seconds: expect.any(Number) },
    undo: 'pipeline fast-rollback api v1 --env local',
  });
  expect([started, released].find((one) => one?.occasion === 'started')).toMatchObject({ version: 'v2' });
}, 60_000);

it('a release that fails announces why, and what serves', async () => {
  const opened = await open();
  await release(opened);
  opened.answers.to = () => ({ status: 500, body: 'broken' });
  const { report } = await release(opened);
  expect(report.result.outcome).toBe('rolled-back');
  const failed = (await recorded(opened)).find(({ occasion }) => occasion === 'failed');
  expect(failed).toMatchObject({
    ...{ version: 'v2', serving: 'v1', run: { outcome: 'rolled-back' } },
    error: { message: (report.result.error as Error).message },
  });
  expect(failed?.undo).toBeUndefined();
}, 60_000);

it('a crashed release that is aborted is announced by whoever undoes it, once', async () => {
  const opened = await open();
  const { services, clock } = opened;
  await release(opened);
  const crashed = await die(opened, await planRelease(services, clock, {}), { at: 'enter-standby', how: 'made' });
  await abort(runnerOfTest(clock, 'pipeline abort api'), services, 'pipeline abort');
  await abort(runnerOfTest(clock, 'pipeline abort api'), services, 'pipeline abort');
  const failed = (await recorded(opened)).filter(({ occasion }) => occasion === 'failed');
  expect(failed).toMatchObject([{ id: `${crashed.id}.failed.webhook`, run: { outcome: 'interrupted' } }]);
}, 60_000);

it('a run whose announcement cannot be recorded goes on, and says so', async () => {
  const opened = await open();
  const add = async () => {
    throw new Error('the bucket is gone');
  };
  opened.services.ledger = { ...opened.services.ledger, outbox: { ...opened.services.ledger.outbox, add } };
  const { report, runner } = await release(opened);
  expect(report.result.outcome).toBe('done');
  const said = runner.messages.filter(({ code }) => code === 'notification.not-recorded');
  expect(said).toHaveLength(2);
  expect(said[0]).toMatchObject({ run: report.facts.run, reason: 'the bucket is gone' });
}, 60_000);

it('a muted app announces nothing', async () => {
  world = await Simulated.create([], {
    settings: (fleet) => ({ ...fleet, notify: { ...announced(fleet).notify, mute: true } }),
  });
  await release(world);
  expect(await recorded(world)).toEqual([]);
}, 60_000);
