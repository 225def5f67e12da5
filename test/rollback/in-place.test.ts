import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, resumeProcesses, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { readRefresh } from '../../src/aws/refreshes.ts';
import { planRelease } from '../../src/release/plan.ts';
import { readOutlook } from '../../src/rollback/outlook.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;

const switchTo = (version: string, more: { wait?: boolean; supersede?: boolean } = {}) =>
  planRollback(world.services, world.clock, { version, force: false, method: 'in-place', ...more });
const versions = async () => (await readStatus(world.services)).instances.map((instance) => instance.version);

/** Everything about the fleet that an undone rollback must leave as it was. */
async function fleetAsItIs() {
  const { fleet, aws } = world.services;
  const [group, status, { LaunchTemplates }] = await Promise.all([
    readGroup(aws.autoScaling, fleet.names.group),
    readStatus(world.services),
    aws.ec2.send(new DescribeLaunchTemplatesCommand({})),
  ]);
  const { min, max, desired, suspended, launchTemplate } = group;
  return {
    group: { min, max, desired, suspended, launchTemplate },
    serving: status.instances.map(({ id, version, lifecycle, health }) => `${id} ${version} ${lifecycle} ${health}`),
    version: status.version,
    defaultVersion: LaunchTemplates?.[0]?.DefaultVersionNumber,
    latestVersion: LaunchTemplates?.[0]?.LatestVersionNumber,
  };
}

/** Releases the project's head as the next version. */
async function release(): Promise<string> {
  const result = await world.run(await planRelease(world.services, world.clock, {}));
  expect(result.error).toBeUndefined();
  return result.state.version;
}

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (const version of ['v1', 'v2']) expect(await release()).toBe(version);
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  world.switchedHosts.length = 0;
  world.broken.clear();
  delete world.before.inPlace;
});

describe('an in-place rollback that fails leaves the fleet as it was', () => {
  it.each(['preflight', 'pin-template', 'switch-in-place'])(
    'after %s',
    async (id) => {
      const before = await fleetAsItIs();
      const result = await world.run(failingAfter(await switchTo('v1'), id));
      expect(result).toMatchObject({ leftovers: [], outcome: 'rolled-back' });
      expect(await fleetAsItIs()).toEqual(before);
      if (id === 'switch-in-place')
        expect(world.switchedHosts.filter((inPlace) => inPlace.endsWith(' v2'))).toHaveLength(4);
    },
    30_000,
  );

  it('when more hosts fail than allowed', async () => {
    const before = await fleetAsItIs();
    const status = await readStatus(world.services);
    for (const { id } of status.instances.slice(0, 2)) world.broken.add(id);
    const plan = await switchTo('v1');
    // Switching back is not what is broken.
    world.before.inPlace = async (_id, version) => {
      if (version === 'v2') world.broken.clear();
    };
    const result = await world.run(plan);
    expect(result.error).toMatchObject({ code: 'in-place.failed', fix: expect.stringContaining('--method rolling') });
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('and names a host that cannot be switched back: manual intervention is required', async () => {
    const before = await fleetAsItIs();
    const [first] = (await readStatus(world.services)).instances;
    world.before.inPlace = async (_id, version) => {
      if (version === 'v2') world.broken.add(first?.id ?? '');
    };
    const result = await world.run(failingAfter(await switchTo('v1'), 'switch-in-place'));
    expect(result.outcome).toBe('manual-intervention');
    expect(result.leftovers.join('\n')).toContain(`${first?.id}: the disk is full`);
    expect((await fleetAsItIs()).group).toEqual(before.group);
    world.broken.clear();
    delete world.before.inPlace;
    // The host still carries v1: it is switched like any other by the next run.
    const again = await world.run(failingAfter(await switchTo('v1'), 'switch-in-place'));
    expect(again).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('when Ctrl-C is pressed while the hosts are switched', async () => {
    const before = await fleetAsItIs();
    const interrupt = new AbortController();
    world.before.inPlace = async () => interrupt.abort(new Error('interrupted'));
    const result = await world.run(await switchTo('v1'), { signal: interrupt.signal });
    expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);
});

describe('an in-place rollback', () => {
  it('pins the old template version before the first host changes, includes new instances, and replaces those that cannot switch', async () => {
    const { fleet, aws } = world.services;
    await suspendProcesses(aws.autoScaling, fleet.names.group, ['AZRebalance']);
    const [first] = (await readStatus(world.services)).instances;
    world.broken.add(first?.id ?? '');
    const plan = await switchTo('v1');
    const images: (string | null)[] = [];
    let grown = false;
    world.before.inPlace = async () => {
      images.push((await readStatus(world.services)).version);
      if (grown) return;
      grown = true;
      await setCapacity(aws.autoScaling, fleet.names.group, { desired: 6 });
    };
    const result = await world.run(plan);
    expect(result.error).toBeUndefined();
    expect(result.state.method).toBe('in-place');
    expect(new Set(images)).toEqual(new Set(['v1']));
    expect(world.switchedHosts.every((inPlace) => inPlace.endsWith(' v1'))).toBe(true);
    // Grown meanwhile, and what replaces the broken one: all from the old image.
    await world.until(
      async () => (await versions()).every((version) => version === 'v1'),
      (one) => one === true,
    );
    const group = await readGroup(aws.autoScaling, fleet.names.group);
    expect(group.desired).toBe(6);
    expect(group.suspended).toEqual(['AZRebalance']);
    expect(group.instances.map((instance) => instance.id)).not.toContain(first?.id);
    // It ended while the refresh goes on.
    const refresh = await readRefresh(aws.autoScaling, fleet.names.group);
    expect(refresh?.id).toBe(result.state.refreshId);
  }, 60_000);

  it('is refused while a refresh is active, unless it supersedes the refresh', async () => {
    await world.until(
      async () => (await readStatus(world.services)).healthy,
      (one) => one === 6,
    );
    const { fleet, aws } = world.services;
    const ended = async () => (await readRefresh(aws.autoScaling, fleet.names.group))?.status;
    await world.until(ended, (one) => one === 'Successful');
    expect(await release()).toBe('v3');
    // Somebody went away from v2: nobody goes back there without saying so.
    expect(await readOutlook(world.services)).toMatchObject({ version: 'v1' });
    // The refresh cannot get anywhere meanwhile.
    await suspendProcesses(aws.autoScaling, fleet.names.group, ['Launch']);
    const back = await world.run(await switchTo('v1'));
    expect(back.error).toBeUndefined();
    await expect(switchTo('v2')).rejects.toMatchObject({
      code: 'preflight.refresh-active',
      fix: expect.stringContaining('--supersede'),
    });
    await resumeProcesses(aws.autoScaling, fleet.names.group, ['Launch']);
    const forward = await world.run(
      await planRollback(world.services, world.clock, { version: 'v3', force: false, supersede: true, wait: true }),
    );
    expect(forward.error).toBeUndefined();
    expect(forward.outcome).toBe('done');
    expect(new Set(await versions())).toEqual(new Set(['v3']));
    expect((await readStatus(world.services)).version).toBe('v3');
    const leftovers = (await world.services.ledger.releases(fleet.app)).map((one) => [
      one.version,
      one.rolledBackAt !== undefined,
    ]);
    expect(leftovers).toEqual([
      ['v1', false],
      ['v2', true],
      ['v3', false],
    ]);
  }, 60_000);

  it('waits until the whole fleet runs the old image', async () => {
    const result = await world.run(await switchTo('v1', { wait: true }));
    expect(result.error).toBeUndefined();
    const { fleet, aws } = world.services;
    expect((await readRefresh(aws.autoScaling, fleet.names.group))?.status).toBe('Successful');
    const group = await readGroup(aws.autoScaling, fleet.names.group);
    expect(new Set(group.instances.map((one) => one.templateVersion))).toEqual(new Set([result.state.templateVersion]));
  }, 60_000);
});

describe('status of a rollback', () => {
  it('has the method, the target, the reason, and the duration of the last one', async () => {
    const { ledger } = world.services;
    expect(await readOutlook(world.services)).toEqual({
      version: null,
      method: null,
      why: 'api has no known-good release before v1',
      lastSeconds: null,
    });
    const run = {
      operation: 'fast-rollback',
      app: 'api',
      environment: 'local',
      startedAt: '2026-01-01T00:00:00.000Z',
      by: 'ann',
      host: 'h',
      command: 'pipeline fast-rollback api',
    };
    const step = (id: string, seconds: number) => ({ id, title: id, status: 'done', seconds });
    const steps = [step('preflight', 0.5), step('switch-in-place', 2), step('replace-switched', 90)];
    await ledger.saveRun({ ...run, id: '20260101T000000-aaaa', outcome: 'done', steps });
    await ledger.saveRun({
      ...run,
      id: '20260101T000001-aaaa',
      outcome: 'rolled-back',
      steps: [step('switch-in-place', 9)],
    });
    expect(await release()).toBe('v4');
    expect(await release()).toBe('v5');
    expect(await readOutlook(world.services)).toMatchObject({
      version: 'v4',
      method: 'in-place',
      why: expect.stringContaining('hosts hold the environment of v4'),
      lastSeconds: 2.5,
    });
  }, 30_000);
});

describe('a release that cannot be undone', () => {
  it('is recognized by the marker that its commit changes, and by its tag, and a later one does not inherit it', async () => {
    const { project, services, clock } = world;
    await writeFile(path.join(project.dir, 'examples/api/.irreversible'), 'drops seats.row\nmore\n');
    execFileSync('git', ['-C', project.dir, 'add', 'examples/api/.irreversible']);
    await project.commit('Drop a column');
    expect(await release()).toBe('v6');
    expect((await services.ledger.release('api', 'v6'))?.irreversible).toBe('drops seats.row');
    await expect(planRollback(services, clock, { force: false })).rejects.toMatchObject({
      code: 'rollback.irreversible',
      message: expect.stringContaining('drops seats.row'),
    });
    expect((await planRollback(services, clock, { force: true })).initial).toMatchObject({
      version: 'v5',
      method: 'in-place',
    });
    await project.change('After it');
    expect(await release()).toBe('v7');
    expect((await services.ledger.release('api', 'v7'))?.irreversible).toBeUndefined();
    expect((await planRollback(services, clock, { force: false })).initial.version).toBe('v6');
    await expect(planRollback(services, clock, { version: 'v5', force: false })).rejects.toMatchObject({
      fix: expect.stringContaining('pipeline fast-rollback api v6'),
    });
    const asked = await planRelease(services, clock, { irreversible: true });
    expect(asked.described.preflight?.join()).toContain('released with --irreversible');
  }, 60_000);
});
