import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tells } from './support/events.ts';
import { highRate, Load, World } from './support/world.ts';

interface Status {
  version: string | null;
  desired: number;
  healthy: number;
  groups: { name: string; share: number; desired: number; healthy: number; until: string | null }[];
  traffic: { version: string; share: number }[];
  instances: { id: string; version: string; lifecycle: string; health: string; group: string }[];
  lock: unknown;
}
interface Report {
  version: string;
  previous: string | null;
  method: string;
  seconds: number;
  steps: { id: string; status: string }[];
}

let world: World;
let url: string;
let load: Load;

const blue = 'api-local';
const green = 'api-local-green';

const status = () => world.json<Status>('status', 'api');
const ids = (report: Report) => report.steps.map((step) => step.id);
const versionsIn = (seen: Status, group: string) =>
  seen.instances.filter((one) => one.group === group).map((one) => one.version);

/** One group has all traffic, is whole and runs one version; the other one runs another, and its end is scheduled. */
async function expectServing(serving: string, version: string, kept: string, before: string): Promise<void> {
  const seen = await status();
  expect(seen).toMatchObject({ version, desired: 4, healthy: 4, traffic: [{ version, share: 1 }], lock: null });
  expect(seen.groups).toEqual([
    { name: serving, share: 1, desired: 4, healthy: 4, until: null },
    { name: kept, share: 0, desired: 4, healthy: 4, until: expect.any(String) },
  ]);
  expect(versionsIn(seen, serving)).toEqual(Array(4).fill(version));
  expect(versionsIn(seen, kept)).toEqual(Array(4).fill(before));
}

beforeAll(async () => {
  world = await World.create();
  await world.configure(
    'pipelines/api.ts',
    'verifySeconds: 5,',
    "strategy: 'blue-green', stepSeconds: 3, rollbackWindow: 600, verifySeconds: 5,",
  );
  const up = await world.json<{ loadBalancers: { app: string; url: string }[] }>('local', 'up');
  url = up.loadBalancers.find((one) => one.app === 'api')?.url ?? '';
});
afterAll(() => world?.close());

describe('blue/green on real machines, under load from the first release to the last', () => {
  it('fills the first group with the first release', async () => {
    const report = await world.json<Report>('release', 'api');
    expect(report).toMatchObject({ version: 'v1', previous: null });
    expect(ids(report)).toContain('roll');
    const seen = await status();
    expect(seen.groups.map(({ name, share, healthy }) => [name, share, healthy])).toEqual([
      [blue, 1, 4],
      [green, 0, 0],
    ]);
    load = new Load(url, highRate);
    await load.warm();
  });

  it('shows in the plan what would move', async () => {
    const { exitCode, stdout } = await world.pipeline('release', 'api', '--again', '--dry-run', '--ref', 'HEAD');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`5, 25, 100 percent of the traffic to ${green}`);
  });

  it('shifts the traffic in steps, and keeps the old group', async () => {
    await world.project.change('Second');
    const report = await world.json<Report>('release', 'api');
    expect(report).toMatchObject({ version: 'v2', previous: 'v1', method: 'blue-green' });
    expect(ids(report)).toEqual([
      ...[
        'preflight',
        'stage',
        'detach',
        'bake',
        'validate',
        'return-instance',
        'scale-up-idle-group',
        'shift-traffic',
        'promote',
        'verify',
        'retain',
        'announce',
      ],
    ]);
    await expectServing(green, 'v2', blue, 'v1');
    // While the weights were in between, both versions answered.
    expect(load.seconds.filter((one) => one.versions.v1 && one.versions.v2).length).toBeGreaterThanOrEqual(4);
  });

  it('detects in a canary step a version that breaks under requests, and restores the weights', async () => {
    const route = "router.get('/', (_request, response) => send(response, 200, availability(config)));";
    const breaking =
      "let asked = 0;\n  router.get('/', (_request, response) => send(response, ++asked > 2 ? 500 : 200, availability(config)));";
    await world.edit('examples/api/src/api.js', route, breaking);
    await world.project.commit('Breaks after two answers');
    const { exitCode, stderr } = await world.pipeline('release', 'api');
    await world.edit('examples/api/src/api.js', breaking, route);
    await world.project.commit('Mended');
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toMatch(/v3 does not serve as it should with (5|25) % of the traffic/);
    expect(stderr).toContain('/ answered 500 instead of 200');
    // The group that was kept is there again, too, with its version.
    await expectServing(green, 'v2', blue, 'v1');
  });

  it('restores the weights on fast-rollback in the middle of a traffic shift', async () => {
    // Long enough for the command to begin while traffic still shifts, on a slow computer too.
    await world.configure('pipelines/api.ts', 'stepSeconds: 3,', 'stepSeconds: 60,');
    const events = path.join(world.dir, 'shifting.ndjson');
    const release = world.start('release', 'api', '--events', events);
    await tells(events, (event) => event.code === 'change.outcome' && event.action === 'set-weights');
    const report = await world.json<Report>('fast-rollback', 'api');
    expect(report).toMatchObject({ version: 'v2', previous: 'v4', method: 'abort' });
    expect((await release).exitCode).toBe(130);
    await world.configure('pipelines/api.ts', 'stepSeconds: 60,', 'stepSeconds: 3,');
    await expectServing(green, 'v2', blue, 'v1');
  });

  it('switches back, and undoes that, each by one change of weights', async () => {
    const back = await world.json<Report>('fast-rollback', 'api');
    expect(back).toMatchObject({ version: 'v1', previous: 'v2', method: 'switch' });
    expect(ids(back)).toEqual(['preflight', 'switch-traffic', 'transfer-settings', 'announce']);
    await expectServing(blue, 'v1', green, 'v2');
    const forth = await world.json<Report>('fast-rollback', 'api', 'v2', '--method', 'switch');
    expect(forth).toMatchObject({ version: 'v2', previous: 'v1', method: 'switch' });
    await expectServing(green, 'v2', blue, 'v1');
  });

  it('leaves the termination of the old group to Auto Scaling, after which a switch is not possible', async () => {
    await world.configure('pipelines/api.ts', 'rollbackWindow: 600', 'rollbackWindow: 6');
    await world.json<Report>('fast-rollback', 'api', 'v1', '--method', 'switch');
    await expect.poll(async () => versionsIn(await status(), green), { timeout: 180_000, interval: 500 }).toEqual([]);
    const seen = await status();
    expect(seen.groups).toEqual([
      { name: blue, share: 1, desired: 4, healthy: 4, until: null },
      { name: green, share: 0, desired: 0, healthy: 0, until: null },
    ]);
    const { exitCode, stderr } = await world.pipeline('fast-rollback', 'api', 'v2', '--method', 'switch');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${green} has no instances any more`);
  });

  it('fails not one request in all of these tests', async () => {
    const total = await load.stop();
    expect(total.failures).toEqual({});
    expect(total.failed).toBe(0);
    expect(total.requests / total.seconds).toBeGreaterThan(500);
  });
});
