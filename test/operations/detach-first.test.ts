import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { readStatus } from '../../src/operations/read-status.ts';
import { planRelease, type ReleaseOptions } from '../../src/operations/release.ts';
import type { ReleaseState } from '../../src/steps/services.ts';
import { everyVersion, failingAfter, firstRelease, Simulated } from '../support/simulated.ts';
import { foreignTask } from '../support/simulated-hosts.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
beforeEach(() => {
  world.plays.length = 0;
  world.notes.length = 0;
  world.answers.to = everyVersion;
  world.playbook.plays[0]?.tasks.splice(2);
  world.playbook.plays[0]?.tasks.push(foreignTask);
});
afterAll(() => world?.close());

const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);
const group = async () => {
  const { min, max, desired, suspended, launchTemplate } = await readGroup(
    world.aws.autoScaling,
    world.fleet.names.group,
  );
  return { min, max, desired, suspended, launchTemplate };
};

describe('a playbook with tasks of another role', () => {
  it('is planned to detach first, and the plan says why', async () => {
    const { steps, described, initial } = await plan();
    expect(steps.map((step) => step.id).slice(0, 6)).toEqual([
      ...['preflight', 'detach', 'stage', 'bake', 'prove', 'rejoin'],
    ]);
    const reason =
      'role nginx: 1 task: "Write the site" (ansible.builtin.template) (ansible/roles/nginx/tasks/main.yml:1)';
    expect(initial.detachFirst).toEqual([reason]);
    expect(described.detach).toContain(`  ${reason}`);
    expect(described.stage?.[0]).toContain('to the host, which is out of the load balancer');
  });

  it('changes nothing about a builder, which never serves', async () => {
    const { steps, initial } = await plan({ bake: 'builder' });
    expect(steps.map((step) => step.id).slice(0, 5)).toEqual(['preflight', 'builder', 'stage', 'bake', 'prove']);
    expect(initial.detachFirst).toBeUndefined();
  });

  it('is played on a host in Standby only, and the host is back before the roll', async () => {
    const { hosts, aws } = world.services;
    const { play } = hosts;
    const during: string[] = [];
    hosts.play = async (host, playbook, variables, options) => {
      const { instances } = await readGroup(aws.autoScaling, world.fleet.names.group);
      during.push(`${variables.release_action} ${instances.find((one) => one.id === host.instanceId)?.lifecycle}`);
      return play(host, playbook, variables, options);
    };
    const before = await group();
    try {
      expect((await world.run(failingAfter(await plan(), 'rejoin'))).outcome).toBe('rolled-back');
    } finally {
      hosts.play = play;
    }
    expect(during).toEqual(['stage Standby', 'activate Standby', 'clean Standby', 'revert Standby', 'unstage Standby']);
    expect(await group()).toEqual(before);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it.each(['preflight', 'detach', 'stage', 'bake', 'prove', 'rejoin', 'roll'])(
    'leaves the fleet as it was when the release fails after %s',
    async (id) => {
      const before = await group();
      const result = await world.run(failingAfter(await plan(), id));
      expect(result).toMatchObject({ outcome: 'rolled-back', left: [], error: { code: 'test.broken' } });
      expect((result.state as ReleaseState).detached ?? null).toBeNull();
      expect(await group()).toEqual(before);
      expect(await world.serving()).toEqual(firstRelease);
      const { instances } = await readStatus(world.services);
      expect(instances).toHaveLength(4);
    },
    60_000,
  );
});

it('a playbook without the release role is refused, also for a builder', async () => {
  world.playbook.plays[0]?.tasks.splice(1, 1);
  for (const options of [{}, { bake: 'builder' } as const]) {
    await expect(plan(options)).rejects.toMatchObject({
      code: 'ansible.no-release-role',
      outcome: 'usage',
      message: expect.stringContaining('api.yml does not apply the release role'),
    });
  }
});
