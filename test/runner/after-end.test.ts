import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LocalHook } from '../../src/config/schema/hooks.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { rollbackOperation } from '../../src/rollback/operation.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planAfterEnd } from '../../src/runner/after-end.ts';
import { recoverRun } from '../../src/runner/recover.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { createRedact } from '../../src/shared/redact.ts';
import { die } from '../support/dying.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated;

/** A secret of the computer that the pipeline runs on. */
const secret = 'abcdef-of-this-test';

const script = `#!/bin/sh
echo "$PIPELINE_HOOK $PIPELINE_OPERATION $PIPELINE_VERSION $PIPELINE_PREVIOUS $PIPELINE_OUTCOME \${PIPELINE_ERROR:-no error}" >>told
echo "token=$SECRET_TOKEN"
exit $1
`;
const tell = (code = '0'): LocalHook => ({ command: ['./tell', code], timeoutSeconds: 30 });
const file = (name: string) => path.join(world.fleet.projectDir, name);
const told = async () => (await readFile(file('told'), 'utf8')).split('\n').filter(Boolean);

beforeAll(async () => {
  world = await Simulated.create();
  await writeFile(file('tell'), script);
  await chmod(file('tell'), 0o755);
  await writeFile(file('.git/info/exclude'), 'tell\ntold\n');
  for (const _ of [1, 2]) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).outcome).toBe('done');
  }
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  await writeFile(file('told'), '');
  world.fleet.release.hooks = [
    { at: 'on-failure', run: tell() },
    { at: 'on-rollback', run: tell() },
  ];
});

const release = async (failing?: string) => {
  const runner = runnerOfTest(world.clock, 'pipeline release api', { redact: createRedact([secret]) });
  const plan = await planRelease(world.services, world.clock, {});
  const { services } = world;
  const report = await runOperation(runner, {
    operation: releaseOperation,
    services,
    plan: failing === undefined ? plan : failingAfter(plan, failing),
  });
  const run = await services.ledger.run(report.facts.run ?? '');
  return { runner, report, run, version: plan.initial.version, before: plan.initial.current.version };
};

it('on-failure runs once what a failed release has changed is undone, with its outcome and error', async () => {
  const { report, version, before, runner } = await release('bake');
  expect(report.result.outcome).toBe('rolled-back');
  expect(await told()).toEqual([`on-failure release ${version} ${before} rolled-back broken on purpose after bake`]);
  const lines = runner.messages.flatMap((one) => (one.code === 'run.after-end' ? [one.line] : []));
  expect(lines[0]).toBe('on-failure: ./tell 0');
}, 60_000);

it('a release that succeeds runs neither on-failure nor on-rollback', async () => {
  expect((await release()).report.result.outcome).toBe('done');
  expect(await told()).toEqual([]);
}, 60_000);

it('on-rollback runs when a rollback has finished, with the version that serves now', async () => {
  const plan = await planRollback(world.services, world.clock, { force: false });
  const runner = runnerOfTest(world.clock, 'pipeline fast-rollback api');
  const { result } = await runOperation(runner, { operation: rollbackOperation, services: world.services, plan });
  expect(result.outcome).toBe('done');
  const { version, current } = plan.initial;
  expect(await told()).toEqual([`on-rollback fast-rollback ${version} ${current.version} done no error`]);
}, 60_000);

it('a hook that fails at the end of a run is a warning of its summary and record, and changes no outcome', async () => {
  world.fleet.release.hooks = [
    { at: 'on-failure', run: tell('5') },
    { at: 'on-failure', run: tell() },
  ];
  const { report, run } = await release('bake');
  const warning = 'on-failure: `./tell 5` failed: exit 5';
  expect(report.result.outcome).toBe('rolled-back');
  expect(report.summary).toMatchObject({ warnings: [warning] });
  expect(run).toMatchObject({ outcome: 'rolled-back', warnings: [warning], error: { code: 'test.broken' } });
  expect(await told()).toHaveLength(2);
}, 60_000);

it('what such a hook prints is reported without secrets', async () => {
  process.env.SECRET_TOKEN = secret;
  try {
    const { runner } = await release('bake');
    const text = JSON.stringify(runner.messages);
    expect(text).toContain('token=[redacted]');
    expect(text).not.toContain(secret);
  } finally {
    delete process.env.SECRET_TOKEN;
  }
}, 60_000);

it('such a hook gets the error without secrets, in its environment and in its file of facts', async () => {
  await writeFile(file('tell'), `${script.replace('exit $1', '')}cat "$PIPELINE_FACTS" >>told\n`);
  const { run } = await release('bake');
  await writeFile(file('told'), '');
  const runner = runnerOfTest(world.clock, 'pipeline release api', { redact: createRedact([secret]) });
  const error = new PipelineError('test.broken', `cannot log in with ${secret}, password=hunter2`);
  const { initial: state } = await planRelease(world.services, world.clock, {});
  const { endHooks: _begun, ...record } = run as RunRecord;
  const ended = { record, committed: false, outcome: 'failed' as const, error, state };
  expect(await planAfterEnd(runner, releaseOperation, world.services, ended)?.()).toEqual([]);
  const text = await readFile(file('told'), 'utf8');
  expect(text).toContain('failed cannot log in with [redacted], password=[redacted]');
  expect(text).toContain('"error":"cannot log in with [redacted], password=[redacted]"');
  expect(text).not.toMatch(/abcdef|hunter2/);
  await writeFile(file('tell'), script);
}, 60_000);

it('the release of a crashed process that another one undoes has its on-failure', async () => {
  const plan = await planRelease(world.services, world.clock, {});
  const record = await die(world, plan, { at: 'bake', how: 'finished' });
  const runner = runnerOfTest(world.clock, 'pipeline abort api');
  const { run } = await recoverRun(runner, world.services, record);
  expect(run.outcome).toBe('interrupted');
  expect(await told()).toEqual([
    expect.stringMatching(
      new RegExp(`^on-failure release ${plan.initial.version} \\S+ interrupted run \\S+ did not finish$`),
    ),
  ]);
}, 60_000);

it('a hook whose program is not there is a warning as well', async () => {
  world.fleet.release.hooks = [{ at: 'on-failure', run: { command: ['./gone'], timeoutSeconds: 5 } }];
  const { report } = await release('bake');
  expect(report.result.error).toBeInstanceOf(PipelineError);
  expect(report.summary.warnings).toEqual([
    expect.stringMatching(/^on-failure: `\.\/gone` could not be run in .*: \.\/gone was not found$/),
  ]);
}, 60_000);
