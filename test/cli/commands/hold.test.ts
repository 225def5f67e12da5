import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { fakeContext } from '../support/fake-context.ts';

const clock = new ManualClock();

async function cli(cwd: string, ...argv: string[]) {
  const context = fakeContext(argv, { cwd, env: { PIPELINE_USER: 'ann' }, clock });
  const code = await runCli(context);
  return { code, out: context.stdout.text, err: context.stderr.text };
}

it('holds an app and an environment, shows how to end it, and ends it, with the cloud down', async () => {
  const ledger = { type: 'files', path: 'kept' };
  const dir = await project({ 'api.ts': file(minimal({ ledger })), 'web.ts': file(minimal({ app: 'web', ledger })) });
  const placed = await cli(dir, 'hold', 'api', '--reason', 'database is being moved');
  expect(placed).toMatchObject({ code: 0, err: '' });
  expect(placed.out).toMatch(
    /^api in local is on hold by ann@\S+ since .* until somebody ends it: database is being moved\nto end it: pipeline unhold api --env local\n$/,
  );
  expect(await cli(dir, 'hold', 'api', '--reason', 'again')).toMatchObject({
    code: 5,
    err: expect.stringContaining('fix: to place another one, end this one first: pipeline unhold api --env local'),
  });
  const until = new Date(clock.now() + 3_600_000).toISOString();
  const all = await cli(dir, 'hold', '--env', 'local', '--reason', 'sale', '--until', until, '--json');
  expect(JSON.parse(all.out)).toMatchObject({ environment: 'local', reason: 'sale', until });
  expect(await cli(dir, 'unhold', 'api')).toMatchObject({
    code: 0,
    out: expect.stringContaining('api in local is no longer on hold; it was by ann@'),
  });
  expect(await cli(dir, 'unhold', '--env', 'local')).toMatchObject({ code: 0 });
  expect(await cli(dir, 'unhold', 'api')).toMatchObject({
    code: 1,
    err: expect.stringContaining('api in local is not on hold'),
  });
});

it('names what is wrong and how to write it', async () => {
  const ledgers = { api: { path: 'a' }, web: { path: 'b' } };
  const dir = await project(
    Object.fromEntries(Object.entries(ledgers).map(([app, ledger]) => [`${app}.ts`, file(minimal({ app, ledger }))])),
  );
  const wrong: [string[], string][] = [
    [['hold', 'api'], 'a hold needs a reason'],
    [['hold', 'api', '--reason', ' '], '--reason is empty'],
    [['hold', 'api', '--reason', 'a\nb'], 'which cannot be shown in a line'],
    [['hold', '--reason', 'sale'], 'which app?'],
    [['hold', '--env', 'staging', '--reason', 'sale'], 'no app has an environment "staging"'],
    [['hold', 'api', '--reason', 'sale', '--until', '2020-01-01T00:00Z'], '--until 2020-01-01T00:00Z is in the past'],
    [['hold', '--env', 'local', '--reason', 'sale'], 'the apps of environment local have 2 ledgers'],
    [['config', 'check'], 'the apps of environment local have 2 ledgers'],
    [['release', 'api', '--emergency'], '--emergency needs a reason'],
    [['scale', 'api', '4', '--reason', 'sale'], '--reason goes with --emergency only'],
  ];
  for (const [argv, message] of wrong) {
    expect(await cli(dir, ...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  }
});
