import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterEach, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { ssm } from '../../src/config/secrets.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRefresh } from '../../src/secrets/plan-refresh.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { die } from '../support/dying.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated;
afterEach(() => world?.close());

/** A fleet of four that serves v1 with a secret. */
async function released(switching: boolean): Promise<void> {
  world = await Simulated.create([], {
    switching,
    settings: (fleet) => ({ ...fleet, secrets: { STRIPE_KEY: ssm('/shop/stripe-key') } }),
  });
  await world.cloud
    .secretClients()
    .ssm.send(new PutParameterCommand({ Name: '/shop/stripe-key', Value: 'sk_live_1', Type: 'SecureString' }));
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}

const plan = () => planRefresh(world.services, world.clock);
const calls = (action: string) => world.secrets.calls.filter((one) => one.startsWith(`${action} `));
const idsOf = (action: string) => calls(action).map((one) => one.slice(action.length + 1));
const group = () => readGroup(world.aws.autoScaling, 'api-local');

it('every host reads its secrets again and takes over from itself, and none leaves the load balancer', async () => {
  await released(true);
  const before = await group();
  const planned = await plan();
  expect(planned.initial).toMatchObject({ takeover: true, names: ['STRIPE_KEY'], version: 'v1' });
  const { error } = await world.run(planned);
  expect(error).toBeUndefined();
  const [first, second] = world.secrets.calls;
  // The first host alone, to its end.
  expect(second).toBe(first?.replace('refresh', 'again'));
  for (const action of ['refresh', 'again', 'forget']) expect(new Set(idsOf(action)).size, action).toBe(4);
  expect(calls('restore')).toEqual([]);
  expect(world.notes).toContain('4 hosts have read their secrets anew; changed: STRIPE_KEY');
  expect(await group()).toEqual(before);
  expect(world.cloud.calls.total('EnterStandby')).toBe(0);
});

it('a first host whose service does not run with the new secrets gets the previous values, and no other host is touched', async () => {
  await released(true);
  let first = true;
  world.secrets.fails = (call) => {
    if (!call.startsWith('again') || !first) return undefined;
    first = false;
    return 'v1 is not healthy beside v1: it answers 503';
  };
  const { error, outcome } = await world.run(await plan());
  expect(outcome).toBe('rolled-back');
  expect(error).toMatchObject({ code: 'secrets.not-taken-over' });
  expect(world.secrets.calls.map((one) => one.split(' ')[0])).toEqual([
    'refresh',
    'again',
    'restore',
    'again',
    'forget',
  ]);
  expect(await world.serving()).toEqual(firstRelease);
});

it('a later host that cannot read the new secrets undoes all hosts to the previous values', async () => {
  await released(true);
  const [, , third] = (await group()).instances.map((one) => one.id).sort();
  world.secrets.fails = (call) =>
    call === `refresh ${third}` ? 'STRIPE_KEY (Parameter Store /shop/stripe-key) does not exist' : undefined;
  const { error, outcome } = await world.run(await plan());
  expect(outcome).toBe('rolled-back');
  expect(error).toMatchObject({ details: [expect.stringContaining('does not exist')] });
  expect(new Set(idsOf('restore'))).toEqual(new Set(idsOf('refresh')));
  expect(new Set(idsOf('again'))).toEqual(new Set(idsOf('forget')));
  expect(world.secrets.before.size).toBe(0);
});

it('without takeover one host at a time goes through Standby, and the group is as before', async () => {
  await released(false);
  const before = await group();
  const planned = await plan();
  expect(planned.initial.takeover).toBe(false);
  let most = 0;
  world.secrets.fails = () => undefined;
  const { hosts } = world.services;
  const run = hosts.run.bind(hosts);
  hosts.run = async (host, argv, options) => {
    if (argv.includes('restart')) {
      const { instances } = await group();
      const out = instances.filter((one) => one.lifecycle === 'Standby').map((one) => one.id);
      expect(out).toEqual([host.instanceId]);
      most = Math.max(most, out.length);
    }
    return run(host, argv, options);
  };
  const { error } = await world.run(planned);
  expect(error).toBeUndefined();
  expect(most).toBe(1);
  expect(new Set(idsOf('restart')).size).toBe(4);
  const after = await group();
  expect({ ...after, instances: after.instances.map((one) => one.id).sort() }).toEqual({
    ...before,
    instances: before.instances.map((one) => one.id).sort(),
  });
  expect(await world.serving()).toEqual(firstRelease);
}, 120_000);

it.each([true, false])(
  'what a crashed refresh has left is undone by another process, with takeover %s',
  async (switching) => {
    await released(switching);
    const run = await die(world, await plan(), { at: 'refresh-host', how: 'made' }, 'pipeline secrets api refresh');
    const undo = await undoPlanOf(world, run);
    expect(undo).toBeDefined();
    const aborted = new AbortController();
    aborted.abort();
    const { leftovers } = await world.run(undo as never, { runId: run.id, signal: aborted.signal });
    expect(leftovers).toEqual([]);
    expect(idsOf('restore')).toEqual(idsOf('refresh'));
    expect(await world.serving()).toEqual(firstRelease);
  },
  120_000,
);

it('an undo that crashes before the service is restarted is completed by the next one', async () => {
  await released(true);
  const run = await die(world, await plan(), { at: 'refresh-host', how: 'made' }, 'pipeline secrets api refresh');
  const aborted = new AbortController();
  aborted.abort();
  // Of a process that has died the journal gets nothing more.
  let crashed = false;
  const { ledger } = world.services;
  const append = ledger.appendJournal.bind(ledger);
  ledger.appendJournal = async (...words) => {
    if (crashed) throw new Error('its process died');
    return append(...words);
  };
  const undo = async () => {
    const planned = await undoPlanOf(world, run);
    return world.run(planned as never, { runId: run.id, signal: aborted.signal });
  };
  world.secrets.fails = (call) => {
    crashed = call.startsWith('again');
    return crashed ? 'its process died' : undefined;
  };
  await undo().catch(() => undefined);
  expect(crashed).toBe(true);
  crashed = false;
  world.secrets.fails = undefined;
  const before = calls('again').length;
  expect((await undo()).leftovers).toEqual([]);
  expect(calls('again').length).toBe(before + 1);
  expect(world.secrets.before.size).toBe(0);
});

it('a refresh is refused for an app without secrets, and for a release that was made without', async () => {
  world = await Simulated.create([], { switching: true });
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  await expect(plan()).rejects.toMatchObject({ code: 'secrets.none', outcome: 'usage' });
  world.services.fleet.secrets = { STRIPE_KEY: ssm('/shop/stripe-key') };
  await expect(plan()).rejects.toMatchObject({ code: 'secrets.missing' });
  await world.cloud
    .secretClients()
    .ssm.send(new PutParameterCommand({ Name: '/shop/stripe-key', Value: 'sk_live_1', Type: 'SecureString' }));
  await expect(plan()).rejects.toMatchObject({
    code: 'secrets.not-released',
    fix: 'release once more: pipeline release api',
  });
});
