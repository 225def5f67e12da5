import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import { readImages } from '../../src/retention/read-images.ts';
import { readStatus } from '../../src/status/read.ts';
import { failingAfter, firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated;
let before: Awaited<ReturnType<typeof fleetAsItIs>>;

beforeAll(async () => {
  world = await Simulated.create();
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
beforeEach(async () => {
  before = await fleetAsItIs();
  world.plays.length = 0;
});
afterEach(() => world.skipped.clear());
afterAll(() => world?.close());

async function fleetAsItIs() {
  const { min, max, desired, suspended, launchTemplate } = await readGroup(
    world.aws.autoScaling,
    world.fleet.names.group,
  );
  const images = await readImages(world.services, world.clock.now());
  const good = images.filter((image) => image.knownGood).map((image) => image.version);
  return { serving: await world.serving(), group: { min, max, desired, suspended, launchTemplate }, good };
}

const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);
const baked = () => world.plays.find((play) => play.startsWith('stage'))?.split(' ')[1];

describe('a playbook that succeeds and does nothing on the host', () => {
  it.each([
    [
      'stage',
      /did not stage v\d+ on i-\w+: expected \/srv\/api\/releases\/(v\d+)\/release.json with app api, version \1, commit \w{40}, found nothing \(cat: .*No such file/,
    ],
    ['activate', /did not activate (v\d+) on i-\w+: expected \/srv\/api\/current to name \1, found nothing/],
    ['clean', /did not clean v\d+ on i-\w+: expected no host keys in \/etc\/ssh, found ssh_host_ed25519_key/],
  ] as const)(
    'for %s fails the release, and the fleet is as it was',
    async (action, message) => {
      world.skipped.add(action);
      const result = await world.run(await plan());
      expect(result).toMatchObject({
        outcome: 'rolled-back',
        leftovers: [],
        error: {
          code: 'ansible.not-applied',
          message: expect.stringMatching(message),
          fix: expect.stringContaining(`release_action=${action}`),
        },
      });
      expect(await fleetAsItIs()).toEqual(before);
      expect(before.serving).toEqual(firstRelease);
    },
    60_000,
  );

  it('on a builder fails the release, and the builder is terminated', async () => {
    world.skipped.add('activate');
    const result = await world.run(await plan({ bake: 'builder' }));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'ansible.not-applied' } });
    expect(await fleetAsItIs()).toEqual(before);
  }, 60_000);

  it('for revert causes the termination of the instance, which never serves what was not validated', async () => {
    world.skipped.add('revert');
    const result = await world.run(failingAfter(await plan(), 'bake'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
    const { instances } = await readStatus(world.services);
    expect(instances.map((one) => one.id)).not.toContain(baked());
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('for unstage leaves the new environment on an instance that serves, and reports that', async () => {
    world.skipped.add('unstage');
    const result = await world.run(failingAfter(await plan(), 'stage'));
    const { version } = result.state;
    expect(result).toMatchObject({
      outcome: 'manual-intervention',
      leftovers: [expect.stringContaining(`expected no /srv/api/releases/${version}, found that folder`)],
    });
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);
});

it('a release.json of another commit fails the check of the staged release', async () => {
  const { hosts } = world.services;
  const { play } = hosts;
  const other = 'f'.repeat(40);
  hosts.play = (host, playbook, variables, options) =>
    play(host, playbook, { ...variables, release_commit: other }, options);
  try {
    const result = await world.run(await plan());
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      error: { code: 'ansible.not-applied', message: expect.stringContaining(`"commit":"${other}"`) },
    });
  } finally {
    hosts.play = play;
  }
  expect(await fleetAsItIs()).toEqual(before);
}, 60_000);

it('a playbook that no host matches fails the release, and its undo finds nothing to remove', async () => {
  const { hosts } = world.services;
  const { play } = hosts;
  hosts.play = async () => {
    throw new PipelineError('ansible.no-hosts', 'api.yml ran no task');
  };
  try {
    const result = await world.run(await plan());
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'ansible.no-hosts' } });
  } finally {
    hosts.play = play;
  }
  expect(await fleetAsItIs()).toEqual(before);
}, 60_000);

describe('files of the role that only root can read', () => {
  it('are read as root', async () => {
    const { hosts, fleet } = world.services;
    const { run } = hosts;
    const asked: string[] = [];
    hosts.run = async (host, argv) => {
      asked.push(argv.slice(0, 3).join(' '));
      const refused = argv[0] !== 'sudo' && ['cat', 'ls', 'readlink'].includes(argv[0] ?? '');
      if (refused) throw new PipelineError('ssh.failed', 'refused', { details: ['Permission denied'] });
      return run(host, argv);
    };
    const { become } = fleet.ssh;
    fleet.ssh.become = true;
    try {
      const result = await world.run(failingAfter(await plan(), 'stage'));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
    } finally {
      fleet.ssh.become = become;
      hosts.run = run;
    }
    expect(asked).toContain('sudo -n cat');
  }, 60_000);
});

it('a clean host that refuses logins counts as clean, and a note says that it was not checked', async () => {
  const { hosts } = world.services;
  const { run } = hosts;
  hosts.run = async (host, argv) => {
    if (argv[0] === 'ls' && argv.at(-1) === '/etc/ssh') throw new PipelineError('ssh.unreachable', 'Permission denied');
    return run(host, argv);
  };
  try {
    const result = await world.run(failingAfter(await plan(), 'bake'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
  } finally {
    hosts.run = run;
  }
  expect(world.notes).toContainEqual(expect.stringContaining('could not check whether'));
  expect(await fleetAsItIs()).toEqual(before);
}, 60_000);
