import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { release } from '../../src/cli/commands/release.ts';
import { planRelease } from '../../src/release/plan.ts';
import { die } from '../support/dying.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';
import { fakeContext } from './support/fake-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

it.each(['SIGHUP', 'SIGTERM'] as const)(
  '%s lets the undo of a crashed run complete, and the release that needed it does not start',
  async (signal) => {
    const { services, clock, aws, fleet } = world;
    const before = await readGroup(aws.autoScaling, fleet.names.group);
    const crashed = await die(world, await planRelease(services, clock, {}), { at: 'enter-standby', how: 'made' });
    const context = fakeContext(['release', 'api'], { clock });
    const { write } = context.stderr;
    context.stderr.write = (text) => {
      write.call(context.stderr, text);
      if (text.includes('is being put back')) context.signals.emit(signal);
    };
    await expect(release(context, services, {}, {})).rejects.toMatchObject({ code: 'run.interrupted', signal });
    expect(context.stderr.text).toContain('the undo goes on to its end');
    expect(context.exits).toEqual([]);
    expect(context.signals.listenerCount(signal)).toBe(0);
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
