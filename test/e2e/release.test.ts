import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { tells } from './support/events.ts';
import { expectWhole, type Status } from './support/fleet.ts';
import { highRate, Load, World } from './support/world.ts';

interface Report {
  run: string;
  version: string;
  previous: string | null;
  method: string;
  seconds: number;
  steps: { id: string; status: string }[];
}
type Images = { version: string; imageId: string; state: string; inUse: boolean; commit: string }[];

let world: World;
let url: string;
const commits: Record<string, string> = {};

beforeAll(async () => {
  world = await World.create();
  await world.up();
  url = world.url('api');
  expect(url).toMatch(/^http:\/\/127\./);
});
afterAll(() => world?.close());

describe('releases and rollbacks', () => {
  it('creates the first image on a builder and fills the fleet', async () => {
    commits.v1 = await world.project.head();
    const report = await world.json<Report>('release', 'api');
    expect(report).toMatchObject({ version: 'v1', previous: null });
    expect(report.steps.map((step) => step.id)).toEqual([
      'preflight',
      'boot-builder',
      'stage',
      'bake',
      'validate',
      'roll',
      'verify',
      'retain',
      'announce',
    ]);
    await expectWhole(world, 'v1');
  });

  it('releases and rolls back under load without one failed request, and each version is its commit', async () => {
    const load = new Load(url, highRate);
    await load.warm();
    commits.v2 = await world.project.change('Second');
    const events = path.join(world.dir, 'events.ndjson');
    const release = await world.json<Report>('release', 'api', '--events', events);
    expect(release).toMatchObject({ version: 'v2', previous: 'v1' });
    expect(release.steps.map((step) => step.id)).toEqual([
      'preflight',
      'stage',
      'detach',
      'bake',
      'validate',
      'return-instance',
      'roll',
      'verify',
      'retain',
      'announce',
    ]);
    await expectWhole(world, 'v2');

    const back = await world.json<Report>('fast-rollback', 'api', 'v1', '--method', 'rolling');
    expect(back).toMatchObject({ version: 'v1', previous: 'v2', method: 'rolling' });
    await expectWhole(world, 'v1');

    const total = await load.stop();
    expect(total.failures).toEqual({});
    expect(total.failed).toBe(0);
    expect(total.requests / total.seconds).toBeGreaterThan(500);
    expect(total.commits).toEqual({ v1: [commits.v1], v2: [commits.v2] });

    // Every change has its intent before and its outcome after, in the events as in the journal.
    const lines = (await readFile(events, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
    const intents = lines.filter((event) => event.code === 'change.intent');
    const outcomes = lines.filter((event) => event.code === 'change.outcome');
    expect(intents.map((event) => event.token)).toEqual(outcomes.map((event) => event.token));
    expect(intents.map((event) => event.action)).toEqual(
      expect.arrayContaining(['enter-standby', 'create-image', 'exit-standby', 'start-refresh']),
    );
  });

  it('rolls back without a given version, and keeps every image', async () => {
    const images = await world.json<Images>('images', 'api');
    expect(images.map(({ version, state, inUse, commit }) => ({ version, state, inUse, commit }))).toEqual([
      { version: 'v2', state: 'available', inUse: false, commit: commits.v2 },
      { version: 'v1', state: 'available', inUse: true, commit: commits.v1 },
    ]);
    const none = await world.pipeline('fast-rollback', 'api');
    expect(none.exitCode).toBe(1);
    expect(none.stderr).toContain('no known-good release before v1');
    const history = await world.json<{ operation: string; outcome: string; version: string }[]>('history', 'api');
    expect(history.map(({ operation, outcome, version }) => `${operation} ${version} ${outcome}`)).toEqual([
      'fast-rollback v1 done',
      'release v2 done',
      'release v1 done',
    ]);
  });

  it('continues a killed release by the same command, under load without one failed request', async () => {
    const load = new Load(url);
    await load.warm();
    commits.v3 = await world.project.change('Third');
    const events = path.join(world.dir, 'killed.ndjson');
    const killed = world.start('release', 'api', '--events', events);
    await tells(
      events,
      ({ code, ...more }) => code === 'change.intent' && 'action' in more && more.action === 'create-image',
    );
    killed.kill('SIGKILL');
    await killed;
    const planned = await world.pipeline('resume', 'api', '--dry-run');
    expect(planned.stdout).toMatch(/^ 1\. bake .*$/m);
    expect(planned.stdout).not.toContain('detach');
    const ended = await world.pipeline('release', 'api');
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(
      /^run \S+ \(pipeline release api .*\) is continued\n {2}preflight: done\n {2}stage: done/,
    );
    expect((await world.pipeline('resume', 'api')).stderr).toContain('api has no unfinished run in local');
    await expectWhole(world, 'v3');
    const total = await load.stop();
    expect(total.failures).toEqual({});
    expect(total.commits.v3).toEqual([commits.v3]);
  });

  it('shows the plan and changes nothing with --dry-run', async () => {
    const before = await world.json<Status>('status', 'api');
    const { exitCode, stdout } = await world.pipeline('release', 'api', '--again', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('CreateImage api-local-v4');
    expect(await world.json<Status>('status', 'api')).toEqual(before);
  });
});
