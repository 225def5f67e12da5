import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { findImageByName } from '../../src/aws/images.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { ReleaseVariables } from '../../src/hosts/types.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import type { ReleaseContext } from '../../src/release/state.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale } from '../../src/scale/plan.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
/** What each play ran from: its action, the playbook's path and text, and the project's commit that it was told. */
const played: { action: string; playbook: string; text: string; commit?: string }[] = [];
/** Called before a play. */
let before: (variables: ReleaseVariables) => Promise<unknown> = async () => undefined;

beforeAll(async () => {
  world = await Simulated.create();
  const { hosts } = world.services;
  const { play } = hosts;
  hosts.play = async (host, playbook, given, options) => {
    const variables = given as ReleaseVariables;
    await before(variables);
    const { release_action: action, release_project_commit: commit } = variables;
    played.push({ action, playbook, text: readFileSync(playbook, 'utf8'), commit });
    await play(host, playbook, variables, options);
  };
  expect(await world.run(await plan())).toMatchObject({ outcome: 'done' });
  played.length = 0;
}, 60_000);
afterAll(() => world?.close());
afterEach(async () => {
  before = async () => undefined;
  played.length = 0;
  world.notes.length = 0;
  git('reset', '--quiet', '--hard');
  await dropCheckouts();
});

const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);
const git = (...argv: string[]) => execFileSync('git', ['-C', world.project.dir, ...argv], { stdio: 'pipe' });
const playbook = () => path.join(world.project.dir, 'ansible/api.yml');
const change = (text: string) => writeFile(playbook(), `${readFileSync(playbook(), 'utf8')}# ${text}\n`);

/** As another process, or another computer, would begin. */
async function dropCheckouts(): Promise<void> {
  const names = (await readdir(world.dir)).filter((name) => name.startsWith('project-'));
  await Promise.all(names.map((name) => rm(path.join(world.dir, name), { recursive: true })));
}

/** Does something while the project is in no repository. */
async function withoutGit<T>(work: () => Promise<T>): Promise<T> {
  const folder = path.join(world.project.dir, '.git');
  await rename(folder, `${folder}-away`);
  return work().finally(() => rename(`${folder}-away`, folder));
}

/** Runs a plan until the process dies before an action is played: it writes nothing more. */
async function dieBefore(action: string, planned: Awaited<ReturnType<typeof plan>>): Promise<string> {
  const runId = createRunId(world.clock);
  const death = new AbortController();
  const { ledger } = world.services;
  const { appendJournal } = ledger;
  ledger.appendJournal = (...entry) =>
    death.signal.aborted ? Promise.reject(new Error('it died')) : appendJournal(...entry);
  before = async ({ release_action }) => {
    if (release_action !== action) return;
    death.abort(new Error('it died'));
    throw new Error('it died');
  };
  await world.run(planned, { runId, lost: death.signal });
  ledger.appendJournal = appendJournal;
  before = async () => undefined;
  await dropCheckouts();
  played.length = 0;
  return runId;
}

it('plays run from a checkout of the commit, which image, ledger and hosts record', async () => {
  const commit = await world.project.change('Second');
  const planned = await plan();
  expect(planned.described.stage).toContain(`plays run from commit ${commit.slice(0, 12)} of the project`);
  // What is edited after the plan was made is not what was planned.
  await change('not committed');
  const result = await world.run(planned);
  expect(result).toMatchObject({ outcome: 'done', state: { project: { commit } } });
  expect(played.map(({ action }) => action)).toEqual(['stage', 'activate', 'clean']);
  for (const one of played) {
    expect(one.playbook).toBe(path.join(world.dir, `project-${commit.slice(0, 12)}`, 'ansible/api.yml'));
    expect(one.text).not.toContain('not committed');
    expect(one.commit).toBe(commit);
  }
  const { version } = result.state;
  expect(await world.services.ledger.release('api', version)).toMatchObject({ commit, projectCommit: commit });
  expect(await findImageByName(world.aws.ec2, `api-local-${version}`)).toMatchObject({ commit, projectCommit: commit });
}, 60_000);

it('a given commit brings its own plays', async () => {
  const old = await world.project.head();
  await change('newer plays');
  await world.project.commit('Newer plays');
  expect((await plan()).initial.project).not.toEqual({ commit: old });
  const result = await world.run(await plan({ ref: old }));
  expect(result).toMatchObject({ outcome: 'done', state: { commit: old, project: { commit: old } } });
  expect(played[0]?.text).not.toContain('newer plays');
}, 60_000);

it('uncommitted plays are refused, and recorded when released as a snapshot', async () => {
  await change('to be tried');
  await expect(plan()).rejects.toMatchObject({ code: 'git.dirty', outcome: 'usage' });
  const tried = await plan({ project: { allowDirty: true } });
  expect(tried.described.stage?.join()).toContain('recorded as a snapshot');
  const result = await world.run(tried);
  expect(result.outcome).toBe('done');
  const { project, version } = result.state;
  const head = await world.project.head();
  expect(project).toEqual({ commit: expect.stringMatching(/^[0-9a-f]{40}$/), snapshot: true });
  expect(git('rev-parse', `${project?.commit}^`).toString().trim()).toBe(head);
  expect(played[0]?.text).toContain('to be tried');
  expect(await world.services.ledger.release('api', version)).toMatchObject({
    commit: head,
    projectCommit: project?.commit,
    projectSnapshot: true,
  });
}, 60_000);

it('a project without a repository is released from a snapshot, with an app that has one', async () => {
  const { fleet } = world.services;
  const { repository } = fleet.source;
  const app = path.join(world.dir, 'app');
  execFileSync('git', ['clone', '-q', world.project.dir, app]);
  fleet.source.repository = app;
  try {
    const result = await withoutGit(async () => {
      await expect(plan({ project: { committed: true } })).rejects.toMatchObject({ code: 'project.not-a-repository' });
      return world.run(await plan());
    });
    expect(result).toMatchObject({ outcome: 'done', state: { project: { snapshot: true } } });
  } finally {
    fleet.source.repository = repository;
    await rm(app, { recursive: true });
  }
}, 60_000);

it('an undo whose commit is not available continues from the work tree, and reports that', async () => {
  const serving = await world.serving();
  const elsewhere = <T>(work: () => Promise<T>) => dropCheckouts().then(() => withoutGit(work));
  const planned = failingAfter(await plan(), 'bake');
  const bake = planned.steps.find((step) => step.id === 'bake');
  const steps = planned.steps.map((step) =>
    step === bake ? { ...step, undo: (context: ReleaseContext) => elsewhere(async () => bake.undo?.(context)) } : step,
  );
  const result = await world.run({ ...planned, steps });
  expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(played.find(({ action }) => action === 'revert')?.playbook).toBe(playbook());
  expect(world.notes).toContainEqual(
    expect.stringMatching(/^revert runs from the work tree of .*, as it is now: commit/),
  );
  expect(await world.serving()).toEqual(serving);
}, 60_000);

it('a dirty tree, or no repository, does not prevent a rollback, a scale-out or the undo of a crashed release', async () => {
  const serving = await world.serving();
  const runId = await dieBefore('activate', await plan());
  await change('dirty');
  await withoutGit(async () => {
    const { services, clock } = world;
    const record = { id: runId, command: 'pipeline release api', app: 'api' } as never;
    const undo = await undoPlanOf({ services, clock }, record);
    if (!undo) throw new Error('there is nothing to undo');
    const undone = await world.run(undo, { runId, signal: AbortSignal.abort(new Error('it died')) });
    expect(undone).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await world.serving()).toEqual(serving);
    const back = await world.run(await planRollback(services, clock, { force: false }));
    expect(back.outcome).toBe('done');
    const scaling = await planScale({ ...services, vcpuQuota: async () => 1000 }, clock, { to: 6 });
    expect(scaling.operation).toBe('scale');
  });
}, 120_000);

it('a resumed run has the plays of its own commit, and another clone reports that it lacks the commit', async () => {
  const commit = await world.project.change('Resumed');
  const planned = await plan();
  const runId = await dieBefore('stage', planned);
  await change('later');
  await world.project.commit('Later plays');
  const result = await world.run(planned, { runId });
  expect(result.outcome).toBe('done');
  expect(played.map((one) => one.commit)).toEqual([commit, commit, commit]);
  expect(played[0]?.text).not.toContain('later');

  const lacking = await plan();
  lacking.initial.project = { commit: 'b'.repeat(40) };
  const other = await world.run(lacking);
  expect(other).toMatchObject({ leftovers: [], error: { code: 'project.commit-missing' } });
}, 120_000);

it('a run recorded without a commit plays from the work tree', async () => {
  const older = await plan();
  delete older.initial.project;
  expect(await world.run(older)).toMatchObject({ outcome: 'done' });
  expect(played[0]).toMatchObject({ playbook: playbook(), commit: undefined });
}, 60_000);
