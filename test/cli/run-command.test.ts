import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { expect, test } from 'vitest';
import { commandLine } from '../../src/cli/command-line.ts';
import { runPlan } from '../../src/cli/run-command.ts';
import { runnerContext } from '../../src/cli/runner-context.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { Operation } from '../../src/engine/operation.ts';
import type { Plan, Step } from '../../src/engine/step.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import type { RunnerServices } from '../../src/runner/ports.ts';
import { fakeLedger } from '../runner/support/fake-ledger.ts';
import { fakeContext } from './support/fake-context.ts';

type Services = RunnerServices;
type State = { version: string; previous?: string };

function step(
  id: string,
  run: Step<Services, State>['run'],
  undo?: Step<Services, State>['undo'],
): Step<Services, State> {
  return { id, title: `Do ${id}`, describe: () => [`will ${id}`], run, undo };
}

const change = step(
  'change',
  async (context) => {
    await context.change({ action: 'create', target: 'thing' }, async () => ({}));
  },
  async () => undefined,
);

function planOf(steps: Step<Services, State>[]): Plan<Services, State> {
  const described = Object.fromEntries(steps.map(({ id }) => [id, [`will ${id}`]]));
  return {
    operation: 'release',
    app: 'api',
    environment: 'local',
    steps,
    initial: { version: 'v2', previous: 'v1' },
    described,
  };
}

const operation: Operation<Services, State> = {
  ...{ name: 'release', preemptible: true, changesVersion: true, onInterrupted: 'undo' },
  steps: () => [],
  summary: ({ version, previous }) => ({ version, previous, method: 'rolling' }),
  undoCommand: ({ previous }) => `pipeline fast-rollback api ${previous}`,
};

async function run(
  steps: Step<Services, State>[],
  setting: {
    options?: Record<string, string | boolean>;
    context?: Parameters<typeof fakeContext>[1];
    ledger?: Partial<Ledger>;
    cloud?: 'aws' | 'local';
    argv?: string[];
  } = {},
) {
  const context = fakeContext(setting.argv ?? ['release', 'api'], setting.context);
  const fake = fakeLedger(setting.ledger);
  const fleet = {
    ...{ app: 'api', environment: 'local', cloud: setting.cloud ?? ('local' as const) },
    ansible: {
      ...{ playbook: 'release.yml', kind: 'release' as const, groups: [], files: [] },
      variables: { db_password: 'hunter2-pass', color: 'ultramarine' },
    },
    notify: { targets: [], mute: false },
  } as unknown as Fleet;
  const options = setting.options ?? {};
  const code = runPlan<Services, State>(context, options, runnerContext(context, options, fleet), {
    operation,
    services: { ledger: fake.ledger, by: 'ann@h', fleet },
    plan: planOf(steps),
    question: 'release v2 of api to local?',
  });
  return { context, fake, code: await code.catch((error: unknown) => error) };
}

const failing = (error: unknown) =>
  step('fail', async () => {
    throw error;
  });

test('a successful run exits with 0, prints the summary with the undo on stdout and progress on stderr, and is recorded', async () => {
  const { context, fake, code } = await run([change]);
  expect(code).toBe(0);
  expect(fake.log).toEqual(['lock', 'run begins', 'run done', 'unlock']);
  expect(fake.runs.at(-1)).toMatchObject({
    operation: 'release',
    command: 'pipeline release api',
    by: 'ann@h',
    outcome: 'done',
    version: 'v2',
    previous: 'v1',
    steps: [{ id: 'change', status: 'done' }],
  });
  expect(context.stdout.text).toContain('release api v2 (before: v1) in local: done');
  expect(context.stdout.text).toContain('undo: pipeline fast-rollback api v1');
  expect(context.stderr.text).toMatch(/change +started +Do change/);
});

test('the record and the lock of a run have no secret of its command line', async () => {
  const locks: string[] = [];
  const { lock } = fakeLedger().ledger;
  const { fake } = await run([change], {
    argv: ['run', 'api', 'seed', '--admin-password', 'hunter22', '--count', '3', '--color', 'hunter2-pass'],
    ledger: {
      lock: (app, request) => {
        locks.push(request.command);
        return lock(app, request);
      },
    },
  });
  const command = 'pipeline run api seed --admin-password "[redacted]" --count 3 --color "[redacted]"';
  expect(fake.runs.at(-1)).toMatchObject({ command });
  expect(locks).toEqual([command]);
});

test('--json prints one document on stdout and nothing else', async () => {
  const { context } = await run([change], { options: { json: true, env: 'local' } });
  expect(JSON.parse(context.stdout.text)).toMatchObject({
    run: expect.stringMatching(/^\d{8}T/),
    app: 'api',
    version: 'v2',
    previous: 'v1',
    method: 'rolling',
    seconds: 0,
    outcome: 'done',
    undo: 'pipeline fast-rollback api v1 --env local',
    steps: [{ id: 'change', title: 'Do change', status: 'done', seconds: 0 }],
  });
});

test.each([
  ['failed', 1, [failing(new PipelineError('x', 'nothing was there'))]],
  ['rolled-back', 3, [change, failing(new PipelineError('x', 'it broke'))]],
  [
    'manual-intervention',
    4,
    [
      step('change', change.run, async () => {
        throw new Error('cannot be restored');
      }),
      failing(new PipelineError('x', 'it broke')),
    ],
  ],
] as const)('a failure that ends as %s exits with %i, and the lock is released', async (outcome, expected, steps) => {
  const { context, fake, code } = await run([...steps]);
  expect(code).toBe(expected);
  expect(fake.log).toEqual(['lock', 'run begins', `run ${outcome}`, 'unlock']);
  expect(context.stderr.text).toMatch(/^error: (nothing was there|it broke)$/m);
  expect(context.stdout.text).not.toContain('undo:');
});

test('secret configuration values appear in no message, document, event or journal, however a tool prints them', async () => {
  const said = 'mysql -phunter2-pass on ultramarine';
  const steps = () => [
    step(
      'change',
      async (context) => {
        context.note(said);
        await context.change({ action: 'create', target: said }, async () => ({ said }));
      },
      async () => {
        throw new Error(said);
      },
    ),
    failing(new PipelineError('x', said, { details: [said], fix: said })),
  ];
  const dir = mkdtempSync(join(tmpdir(), 'operate-'));
  try {
    const events = join(dir, 'events');
    const text = await run(steps(), { options: { events } });
    const json = await run(steps(), { options: { json: true } });
    const key = await run([failing(new Error('signed with wJalrXUtnFEMI'))], {
      context: { env: { AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' } },
    });
    const kept = await Promise.all(
      [text, json, key].map(async ({ context, fake }) => [
        context.stdout.text,
        context.stderr.text,
        fake.runs,
        await fake.ledger.journal(fake.runs[0]?.id ?? ''),
      ]),
    );
    expect(kept[0]?.[3]).not.toEqual([]);
    const everything = JSON.stringify([kept, readFileSync(events, 'utf8')]);
    expect(everything).toContain('ultramarine');
    expect(everything).toContain('mysql -p[redacted]');
    expect(everything).not.toContain('hunter2');
    expect(everything).not.toContain('wJalr');
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a lock of another run: nothing is run or recorded', async () => {
  const held = new PipelineError('lock.held', 'api is locked by bob', { outcome: 'locked' });
  const { fake, code } = await run([change], { ledger: { lock: () => Promise.reject(held) } });
  expect(code).toBe(held);
  expect(fake.log).toEqual([]);
});

test('a lock that a crashed run left is taken over with a warning that names it', async () => {
  const { ledger } = fakeLedger();
  const held = await ledger.lock('api', { command: 'pipeline release api', run: 'run-1' });
  const { context, code } = await run([change], {
    ledger: { lock: async () => ({ ...held, takenOver: { from: held.record, why: 'process gone' } }) },
  });
  expect(code).toBe(0);
  expect(context.stderr.text).toMatch(
    /^warning: run run-1 \(pipeline release api\) crashed without releasing the lock/m,
  );
});

test('the lock is released when the ledger fails during a run', async () => {
  const broken = new Error('disk full');
  const { fake, code } = await run([change], { ledger: { saveRun: () => Promise.reject(broken) } });
  expect(code).toBe(broken);
  expect(fake.log).toEqual(['lock', 'unlock']);
});

test('a record or a lock that cannot be written at the end is a warning and does not change the result', async () => {
  let saves = 0;
  const { context, code } = await run([change], {
    ledger: { saveRun: async () => (saves++ > 0 ? Promise.reject(new Error('disk full')) : undefined) },
  });
  expect(code).toBe(0);
  expect(context.stderr.text).toMatch(/warning: the end of run .* could not be recorded: disk full/);
});

test('--dry-run prints the plan, takes no lock and runs nothing', async () => {
  const text = await run([change], { options: { dryRun: true } });
  expect(text.code).toBe(0);
  expect(text.fake.log).toEqual([]);
  expect(text.context.stdout.text).toContain(' 1. change  Do change\n     will change\n');
  const json = await run([change], { options: { dryRun: true, json: true } });
  expect(JSON.parse(json.context.stdout.text)).toEqual({
    operation: 'release',
    app: 'api',
    environment: 'local',
    steps: [{ id: 'change', title: 'Do change', lines: ['will change'] }],
  });
});

test('an AWS account is changed only after an answer, and without a terminal the error names --yes', async () => {
  const refused = await run([change], { cloud: 'aws' });
  expect(refused.code).toMatchObject({
    code: 'usage.needs-yes',
    outcome: 'usage',
    fix: expect.stringContaining('--yes'),
  });
  expect(refused.fake.log).toEqual([]);
  expect((await run([change], { cloud: 'aws', options: { yes: true } })).code).toBe(0);
});

test('--events receives every event of the run and of the lock, and a bad path changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'operate-'));
  try {
    const path = join(folder, 'events.ndjson');
    await run([change], { options: { events: path } });
    const codes = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).code);
    expect(codes).toEqual([
      'lock.acquired',
      'run.started',
      'step.started',
      'change.intent',
      'change.outcome',
      'step.finished',
      'run.finished',
      'lock.released',
    ]);
    const bad = await run([change], { options: { events: join(folder, 'none', 'x') } });
    expect(bad.code).toMatchObject({ code: 'events.not-writable', outcome: 'usage' });
    expect(bad.fake.log).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s undoes the run, releases the lock and exits with %i', async (signal, expected) => {
  const context = fakeContext(['release', 'api']);
  const undone: string[] = [];
  const wait = step(
    'wait',
    async ({ signal: stopped, change: make }) => {
      await make({ action: 'create', target: 'thing' }, async () => ({}));
      context.signals.emit(signal);
      stopped.throwIfAborted();
    },
    async () => void undone.push('wait'),
  );
  const { fake, code } = await run([wait, change], { context });
  expect(code).toBe(expected);
  expect(undone).toEqual(['wait']);
  expect(fake.log).toEqual(['lock', 'run begins', 'run interrupted', 'unlock']);
  expect(context.signals.listenerCount(signal)).toBe(0);
});

test('an interrupted run says once that everything was rolled back, and what to run again', async () => {
  const context = fakeContext(['release', 'api', '--ref', 'main']);
  const wait = step(
    'wait',
    async ({ signal, change: make }) => {
      await make({ action: 'create', target: 'thing' }, async () => ({}));
      context.signals.emit('SIGINT');
      signal.throwIfAborted();
    },
    async () => undefined,
  );
  const { context: ran } = await run([wait], { context });
  expect(ran.stdout.text).toContain('in local: interrupted by Ctrl-C; everything it changed was rolled back in 0ms');
  expect(ran.stdout.text).toContain('again: pipeline release api --ref main');
  expect(ran.stderr.text).not.toContain('error:');
});

test('--github-summary adds the run to the summary of the job, without secrets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'operate-'));
  try {
    const path = join(folder, 'summary.md');
    const setting = { options: { githubSummary: true }, context: { env: { GITHUB_STEP_SUMMARY: path } } };
    await run([change], setting);
    await run([change, failing(new PipelineError('x', 'hunter2-pass broke'))], setting);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('## ✅ release api v2 &#40;before: v1&#41; in local: done');
    expect(text).toContain('Undo: <code>pipeline fast&#45;rollback api v1</code>');
    expect(text).toContain('**Error:** &#91;redacted&#93; broke');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a second Ctrl-C stops at once and lists what is not undone', async () => {
  const context = fakeContext(['release', 'api']);
  const wait = step('wait', async () => {
    context.signals.emit('SIGINT');
    context.signals.emit('SIGINT');
  });
  const { context: ran } = await run([change, wait], { context });
  expect(context.exits).toEqual([130]);
  expect(ran.stderr.text).toContain(
    'stopped at once; the changes of these steps have not been undone:\n  change (done): Do change',
  );
});

test('a command is recorded as it would be typed', () => {
  expect(commandLine(['release', 'api', '--ref', 'a b'])).toBe('pipeline release api --ref "a b"');
});
