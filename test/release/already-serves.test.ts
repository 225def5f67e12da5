import { CreateTagsCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tagKeys } from '../../src/aws/tags.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { Services } from '../../src/fleet/services.ts';
import { findServing } from '../../src/release/already-serves.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
/** Commits of v1 and v2. */
let commits: [string, string];

beforeAll(async () => {
  world = await Simulated.create();
  const released = async () => {
    const { error, state } = await world.run(await planRelease(world.services, world.clock, {}));
    expect(error).toBeUndefined();
    return state.commit;
  };
  const first = await released();
  await world.project.change('The second version');
  commits = [first, await released()];
}, 60_000);
afterAll(() => world?.close());

/** The version that serves already, as a release with these options would see it. */
async function serving(options: ReleaseOptions = {}, changes: Partial<Services> = {}): Promise<string | undefined> {
  const services = { ...world.services, ...changes };
  const { initial } = await planRelease(services, world.clock, options);
  return (await findServing(services, initial))?.version;
}

const withFleet = (change: (fleet: Fleet) => Fleet) => ({ fleet: change(world.services.fleet) });

describe('a release of what serves already', () => {
  it('is of the same commit, however it is named and would be made', async () => {
    expect(await serving()).toBe('v2');
    expect(await serving({ ref: commits[1], bake: 'builder' })).toBe('v2');
  });

  it('is not one of another commit, also when that was released before', async () => {
    expect(await serving({ ref: commits[0] })).toBeUndefined();
  });

  it('may be from the base image that it is built on', async () => {
    expect(await serving({ fromBase: true })).toBe('v2');
  });

  it('is not one that is to be recorded as irreversible', async () => {
    expect(await serving({ irreversible: true })).toBeUndefined();
  });

  it('is not one whose migration is still to be run', async () => {
    const migrate = { command: ['bin/migrate'], when: 'before-roll', timeoutSeconds: 60 } as const;
    const migrating = withFleet((fleet) => ({
      ...fleet,
      release: { ...fleet.release, migrate: { ...migrate, command: [...migrate.command] } },
    }));
    const { ledger } = world.services;
    const having = (migration?: 'run' | 'skipped') => ({
      ...migrating,
      ledger: Object.assign(Object.create(ledger), {
        release: async (app: string, version: string) => ({ ...(await ledger.release(app, version)), migration }),
      }),
    });
    expect(await serving({}, having('skipped'))).toBeUndefined();
    expect(await serving({}, having())).toBeUndefined();
    expect(await serving({}, having('run'))).toBe('v2');
    expect(await serving({ skipMigrate: true }, having('skipped'))).toBe('v2');
  });

  it('is not one with another variable or other settings of the service', async () => {
    const moved = withFleet((fleet) => ({ ...fleet, service: { ...fleet.service, healthPath: '/other' } }));
    expect(await serving({}, moved)).toBeUndefined();
    const variables = { color: 'ultramarine' };
    const colored = withFleet((fleet) => ({ ...fleet, ansible: { ...fleet.ansible, variables } }));
    expect(await serving({}, colored)).toBeUndefined();
  });

  it('is not one whose settings the ledger does not know', async () => {
    const { ledger } = world.services;
    const forgetful = Object.assign(Object.create(ledger), {
      release: async (app: string, version: string) => {
        const { configuration: _, ...record } = (await ledger.release(app, version)) ?? {};
        return record;
      },
    });
    expect(await serving({}, { ledger: forgetful })).toBeUndefined();
  });

  it('is not one of a project with other plays', async () => {
    const { ledger } = world.services;
    const released = (projectCommit: string | undefined) =>
      Object.assign(Object.create(ledger), {
        release: async (app: string, version: string) => ({ ...(await ledger.release(app, version)), projectCommit }),
      });
    // The first version differs in a file of the app only, which is no play.
    expect(await serving({}, { ledger: released(commits[0]) })).toBe('v2');
    expect(await serving({}, { ledger: released('a'.repeat(40)) })).toBeUndefined();
    expect(await serving({}, { ledger: released(undefined) })).toBeUndefined();
  });
});

describe('a fleet', () => {
  it('with a host that serves another version, or is tagged with one, has something to release', async () => {
    const hosts = { ...world.services.hosts, run: async () => 'releases/v1' };
    expect(await serving({}, { hosts } as never)).toBeUndefined();
    const [{ id = '' } = {}] = (await readStatus(world.services)).instances;
    const tag = (Value: string) =>
      world.aws.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: tagKeys.version, Value }] }));
    await tag('v1');
    expect(await serving()).toBeUndefined();
    await tag('v2');
    expect(await serving()).toBe('v2');
  });

  it('that lacks an instance has something to release until it is whole again', async () => {
    const [{ id = '' } = {}] = (await readStatus(world.services)).instances;
    await world.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    const status = () => readStatus(world.services);
    await world.until(status, ({ healthy }) => healthy < 4);
    expect(await serving()).toBeUndefined();
    await world.until(status, ({ healthy, instances }) => healthy === 4 && instances.length === 4);
    expect(await serving()).toBe('v2');
  }, 60_000);

  it('that was rolled back has the commit that it was rolled back from to release, and not the one that it serves', async () => {
    const plan = await planRollback(world.services, world.clock, { force: false, method: 'rolling' });
    expect((await world.run(plan)).outcome).toBe('done');
    expect(await serving()).toBeUndefined();
    expect(await serving({ ref: commits[0] })).toBe('v1');
  }, 60_000);
});
