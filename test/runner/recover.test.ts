import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { die } from '../support/dying.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

it.each(['SIGHUP', 'SIGTERM'] as const)(
  '%s lets the undo of a crashed run go on until it is finished, and the release that it is for does not begin',
  async (signal) => {
    const { services, clock, aws, fleet } = world;
    const before = await readGroup(aws.autoScaling, fleet.names.group);
    const crashed = await die(world, await planRelease(services, clock, {}), { at: 'enter-standby', how: 'made' });
    const runner = runnerOfTest(clock, 'pipeline release api');
    runner.onMessage = ({ code }) => void (code === 'run.crashed' && runner.signals.emit(signal));
    await expect(recoverFirst(runner, services, releaseOperation)).rejects.toMatchObject({
      code: 'run.interrupted',
      signal,
    });
    expect(runner.messages).toContainEqual({ code: 'undo.interrupted' });
    expect(runner.exits).toEqual([]);
    expect(runner.signals.listenerCount(signal)).toBe(0);
    const [last] = await services.ledger.runs('api', 1);
    expect(last).toMatchObject({ id: crashed.id, outcome: 'interrupted' });
    expect(await services.ledger.lockOf('api')).toBeUndefined();
    expect(await world.serving()).toEqual(firstRelease);
    expect(await readGroup(aws.autoScaling, fleet.names.group)).toEqual({
      ...before,
      instances: expect.arrayContaining(before.instances),
    });
  },
  60_000,
);
