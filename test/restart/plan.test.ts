import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { setCapacity } from '../../src/aws/groups.ts';
import { planRestart } from '../../src/restart/plan.ts';
import { Simulated } from '../support/simulated.ts';
import { groupOf, planOf, type RestartWorld, restartWorld } from './support/restarted.ts';

let made: RestartWorld | undefined;
let world: Simulated;
afterEach(() => world?.close());

async function released(takeover: boolean): Promise<RestartWorld> {
  made = await restartWorld(takeover);
  world = made.world;
  return made;
}

describe('the plan of a restart', () => {
  it('says how, on which instances and how many at a time', async () => {
    const fleet = await released(true);
    const { described, initial } = await planOf(fleet);
    expect(initial).toMatchObject({ takeover: true, batch: 1, current: { version: 'v1' } });
    expect(described).toEqual({
      check: ['fleet api-local serves v1'],
      'restart-hosts': [
        'one instance first, then 1 at a time',
        'on each: the service is started beside itself on port 3001, checked, and takes the socket over',
        'at the first instance that does not come back healthy it stops, and the others serve on',
      ],
    });
  }, 60_000);

  it('goes through Standby where the service cannot take over, and knows the init system', async () => {
    const fleet = await released(false);
    const { described, initial } = await planOf(fleet, { batch: { percent: 50 } });
    expect(initial).toMatchObject({ takeover: false, manager: 'runit', batch: 2 });
    expect(described['restart-hosts']?.[1]).toContain('leaves the load balancer (Standby)');
    const [first = ''] = Object.keys((await groupOf(fleet)).members);
    for (const instance of [first, first.slice(0, -3)]) {
      const only = await planOf(fleet, { instance });
      expect(only.described['restart-hosts']?.[0]).toBe(`on ${first} only`);
      expect(only.initial.instance).toBe(first);
    }
  }, 60_000);
});

describe('a restart is refused', () => {
  it('for an instance of another group, a batch of the whole fleet, and a single instance', async () => {
    const fleet = await released(false);
    const ids = Object.keys((await groupOf(fleet)).members).sort();
    await expect(planOf(fleet, { instance: 'i-0123456789abcdef0' })).rejects.toMatchObject({
      code: 'instance.unknown',
      outcome: 'usage',
      fix: expect.stringContaining(ids[0] ?? ''),
    });
    await expect(planOf(fleet, { instance: 'i-' })).rejects.toMatchObject({
      code: 'instance.ambiguous',
      outcome: 'usage',
      fix: `one of: ${ids.join(', ')}`,
    });
    await expect(planOf(fleet, { batch: { percent: 100 } })).rejects.toMatchObject({
      code: 'restart.batch',
      outcome: 'usage',
      fix: expect.stringMatching(/^--batch 2/),
    });
    await setCapacity(world.aws.autoScaling, 'api-local', { min: 1, desired: 1 });
    await world.until(
      () => groupOf(fleet),
      ({ members }) => Object.keys(members).length === 1,
    );
    await expect(planOf(fleet)).rejects.toMatchObject({
      code: 'restart.one-host',
      message: 'api-local has one healthy instance, and its service would be down while it restarts',
      fix: 'first: pipeline scale api 2',
    });
  }, 60_000);

  it('for a host without a service of that name, naming both init systems', async () => {
    const fleet = await released(false);
    const { hosts } = world.services;
    const run = hosts.run.bind(hosts);
    hosts.run = async (host, argv, options) => {
      if (argv.includes('sv') || argv.includes('systemctl')) throw new PipelineError('ssh.failed', 'failed');
      return run(host, argv, options);
    };
    await expect(planOf(fleet)).rejects.toMatchObject({
      code: 'restart.no-service',
      message: expect.stringMatching(/^i-\w+ has no service api of systemd or runit$/),
    });
  }, 60_000);

  it('for an empty fleet, with the command that fills it', async () => {
    world = await Simulated.create();
    await expect(planRestart(world.services, world.clock, {})).rejects.toMatchObject({
      code: 'restart.no-host',
      fix: 'release first: pipeline release api',
    });
  }, 60_000);
});
