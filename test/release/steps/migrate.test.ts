import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';
import { replay } from '../../../src/engine/journal.ts';
import { createRunId } from '../../../src/engine/run-id.ts';
import { releaseOperation } from '../../../src/release/operation.ts';
import { planRelease, type ReleaseOptions } from '../../../src/release/plan.ts';
import { planRollback } from '../../../src/rollback/plan.ts';
import { undoPlanOf } from '../../runner/support/undo-plan-of.ts';
import { die } from '../../support/dying.ts';
import { failingAfter, Simulated } from '../../support/simulated.ts';
import { SimulatedMigrations, unreachable, withMigration } from '../support/simulated-migrations.ts';

let world: Simulated;
let migrations: SimulatedMigrations;
/** What happens on hosts, in order: plays and starts of migrations. */
let story: string[] = [];
let firstStory: string[] = [];

const command = ['npm', 'run', 'migrate'];
const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);

beforeAll(async () => {
  world = await Simulated.create([], {
    settings: withMigration({ command, when: 'before-roll', timeoutSeconds: 600 }),
  });
  migrations = new SimulatedMigrations(world);
  const { hosts } = world.services;
  const play = hosts.play.bind(hosts);
  hosts.play = async (host, playbook, variables, options) => {
    const { release_action: action, release_build_only: only } = variables;
    story.push(`${action}${only ? ' without a start' : ''}`);
    return play(host, playbook, variables, options);
  };
  migrations.before = (action) => {
    if (action === 'start') story.push('migrate');
  };
  expect(await world.run(await plan())).toMatchObject({ outcome: 'done' });
  firstStory = story;
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  story = [];
  migrations.started.length = 0;
  migrations.stopped.length = 0;
  world.notes.length = 0;
  Object.assign(migrations, { lasts: 3000, exit: 0, rebooted: false, after: () => undefined });
  migrations.before = (action) => {
    if (action === 'start') story.push('migrate');
  };
});

it('the first release of an empty fleet runs the migration before the first start', async () => {
  const [first] = await world.services.ledger.releases('api');
  expect(first).toMatchObject({ version: 'v1', knownGood: true });
  expect(firstStory.slice(0, 4)).toEqual(['stage without a start', 'migrate', 'stage', 'activate']);
});

it('a before-roll migration runs once in the built folder, before the new version is first started', async () => {
  const events: RunEvent[] = [];
  const planned = await plan();
  const runId = createRunId(world.clock);
  const result = await world.run(planned, { runId, sink: (event) => events.push(event) });
  expect(result).toMatchObject({ outcome: 'done' });
  expect(story.slice(0, 4)).toEqual(['stage without a start', 'migrate', 'stage', 'activate']);
  const { version, commit } = planned.initial;
  expect(migrations.started).toMatchObject([
    {
      folder: `/srv/api/releases/${version}`,
      instanceId: result.state.host?.instanceId,
      request: {
        command,
        timeout: 600,
        facts: {
          ...{ PIPELINE_APP: 'api', PIPELINE_ENVIRONMENT: 'local', PIPELINE_VERSION: version, PIPELINE_RUN: runId },
          ...{ PIPELINE_COMMIT: commit, PIPELINE_PREVIOUS: planned.initial.current.version },
        },
      },
    },
  ]);
  const lines = events.flatMap((event) => (event.code === 'step.output' ? [event.line] : []));
  expect(lines).toEqual(migrations.lines);
  expect(releaseOperation.summary(result.state, world.services)).toMatchObject({
    migration: { when: 'before-roll', instance: migrations.started[0]?.instanceId, exit: 0, seconds: 3 },
  });
  // Nothing of it is left on the instance that becomes the image.
  expect(migrations.forgotten).toContain(migrations.started[0]?.instanceId);
}, 60_000);

it('on a builder the migration runs there, before the new version is first started', async () => {
  const result = await world.run(await plan({ bake: 'builder' }));
  expect(result.outcome).toBe('done');
  expect(story.slice(0, 4)).toEqual(['stage without a start', 'migrate', 'stage', 'activate']);
}, 60_000);

it('a migration that fails rolls the release back before traffic moves, with its last lines', async () => {
  migrations.exit = 3;
  const serving = await world.serving();
  const planned = await plan();
  const result = await world.run(planned);
  expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'migration.failed' } });
  const { message, details } = result.error as PipelineError;
  expect(message).toContain(`the migration of ${planned.initial.version} failed`);
  expect(message).toContain('exit 3');
  expect(details).toEqual([...migrations.lines, 'what the migration has changed in the database is not undone']);
  expect(story).toEqual(['stage without a start', 'migrate', 'unstage']);
  expect(await world.serving()).toEqual(serving);
}, 60_000);

it('the output of a migration is kept in the journal of its run', async () => {
  migrations.exit = 1;
  const runId = createRunId(world.clock);
  await world.run(await plan(), { runId });
  const { changes } = replay(await world.services.ledger.journal(runId));
  const made = [...changes.values()].find((change) => change.action === 'migrate');
  expect(made?.result).toMatchObject({ exit: 1, tail: `${migrations.lines.join('\n')}\n` });
}, 60_000);

it('a migration that exceeds its time is reported as stopped, and the release is rolled back', async () => {
  migrations.lasts = 3_600_000;
  const result = await world.run(await plan());
  expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'migration.failed' } });
  expect(String(result.error)).toContain('it did not finish within 600 s and was stopped');
}, 60_000);

it('a lost connection neither ends nor repeats the migration', async () => {
  migrations.lasts = 120_000;
  let readings = 0;
  let starts = 0;
  migrations.after = (action) => {
    if (action === 'start' && ++starts === 1) throw unreachable();
  };
  migrations.before = (action) => {
    if (action === 'status' && ++readings > 5 && readings < 40) throw unreachable();
  };
  expect(await world.run(await plan())).toMatchObject({ outcome: 'done' });
  expect(starts).toBe(2);
  expect(readings).toBeGreaterThan(40);
  expect(migrations.started).toHaveLength(1);
  expect(migrations.stopped).toEqual([]);
}, 60_000);

it('a migration on a host that was rebooted fails the release, as its end is not known', async () => {
  migrations.before = (action) => {
    if (action === 'status') migrations.rebooted = true;
  };
  const result = await world.run(await plan());
  expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'migration.unknown' } });
  expect(String(result.error)).toContain('the host was rebooted');
}, 60_000);

it('Ctrl-C during a migration stops it, and everything else is rolled back', async () => {
  migrations.lasts = 300_000;
  const interrupt = new AbortController();
  const reason = new PipelineError('run.interrupted', 'Ctrl-C', { outcome: 'interrupted' });
  let readings = 0;
  migrations.before = (action) => {
    if (action === 'status' && ++readings === 5) interrupt.abort(reason);
  };
  const result = await world.run(await plan(), { signal: interrupt.signal });
  expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
  expect(migrations.stopped).toHaveLength(1);
  expect(world.notes).toContainEqual(expect.stringMatching(/was stopped \(SIGTERM\)/));
  expect(world.notes).toContain('what the migration has changed in the database is not undone');
}, 60_000);

it.each([
  { at: 'stage-environment', how: 'made' },
  { at: 'stage', how: 'finished' },
  { at: 'migrate', how: 'intended' },
  { at: 'migrate', how: 'made' },
  { at: 'migrate', how: 'finished' },
  { at: 'start-environment', how: 'made' },
] as const)(
  'a release whose process dies with $at $how is resumed, and migrates once',
  async ({ at, how }) => {
    const planned = await plan();
    const { id } = await die(world, planned, { at, how });
    expect(await world.run(planned, { runId: id })).toMatchObject({ outcome: 'done' });
    expect(migrations.started).toHaveLength(1);
  },
  60_000,
);

it('a release that is killed during its migration is undone by another process, which stops it', async () => {
  migrations.lasts = 300_000;
  const killed = new AbortController();
  const { ledger } = world.services;
  const { appendJournal } = ledger;
  ledger.appendJournal = (...entry) =>
    killed.signal.aborted ? Promise.reject(new Error('killed')) : appendJournal(...entry);
  migrations.before = (action) => {
    if (action === 'status') killed.abort(new Error('killed'));
  };
  const runId = createRunId(world.clock);
  await world.run(await plan(), { lost: killed.signal, runId });
  ledger.appendJournal = appendJournal;
  migrations.before = () => undefined;
  const undo = await undoPlanOf(world, { id: runId, command: 'pipeline release api', app: 'api' } as never);
  if (!undo) throw new Error('nothing to undo');
  const result = await world.run(undo, { signal: AbortSignal.abort(new Error('it died')), runId });
  expect(result.leftovers).toEqual([]);
  expect(migrations.stopped).toHaveLength(1);
}, 60_000);

it('a release that fails after its migration says that the migration is not undone', async () => {
  const result = await world.run(failingAfter(await plan(), 'bake'));
  expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(releaseOperation.summary(result.state, world.services)).toMatchObject({
    warnings: ['what the migration has changed in the database is not undone'],
  });
  expect(world.notes).toContain('what the migration has changed in the database is not undone');
  expect(migrations.stopped).toEqual([]);
}, 60_000);

it('--skip-migrate releases without the migration, and a rollback runs none', async () => {
  const skipped = await plan({ skipMigrate: true });
  expect(skipped.steps.map(({ id }) => id)).not.toContain('migrate');
  expect(await world.run(skipped)).toMatchObject({ outcome: 'done' });
  const back = await world.run(await planRollback(world.services, world.clock, { force: false }));
  expect(back.outcome).toBe('done');
  expect(migrations.started).toEqual([]);
}, 60_000);

it('the plan shows the command of the migration, where it runs, and that it is not undone', async () => {
  const { described } = await plan();
  expect(described.migrate).toEqual([
    expect.stringMatching(/^`npm run migrate` in \/srv\/api\/releases\/v\d+ on the bake instance, for up to 600 s$/),
    'the new version is first started after it; when it fails, nothing has changed for users',
    expect.stringContaining('is not undone when the release is rolled back'),
    expect.stringContaining('if it cannot, mark the release'),
  ]);
}, 60_000);
