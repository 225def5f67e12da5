import { expect, test } from 'vitest';
import type { CommandSpec } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { parse } from '../../src/cli/program.ts';
import { commandWords } from '../../src/config/command-words.ts';
import { fakeContext } from './support/fake-context.ts';

/** Descriptors whose code must not be loaded by reading arguments. */
const sealed: CommandSpec[] = commands.map((spec) => ({
  ...spec,
  load: () => expect.unreachable(`${spec.name} was loaded`),
}));

async function read(...argv: string[]) {
  // In a project: elsewhere, `pipeline init` is part of every fix (empty-folder.test.ts).
  const context = fakeContext(argv, { cwd: process.cwd() });
  return { context, parsed: await parse(context, sealed) };
}

test('arguments and options reach the command, and global options are accepted before and after its name', async () => {
  const { parsed } = await read('--json', 'release', 'api', '--ref', 'main', '--env', 'staging', '--no-color', '--yes');
  expect(parsed).toMatchObject({
    spec: { name: 'release' },
    args: ['api'],
    options: { json: true, ref: 'main', env: 'staging', color: false, yes: true },
  });
});

test('words below a group are parsed, and absent optional arguments are undefined', async () => {
  expect((await read('local', 'up', '--no-fleets')).parsed).toMatchObject({
    spec: { name: 'local up' },
    options: { fleets: false },
  });
  expect((await read('status')).parsed).toMatchObject({ spec: { name: 'status' }, args: [] });
});

test('help names every command and loads none, and each command has its own help with examples', async () => {
  const { context, parsed } = await read('--help');
  expect(parsed).toBe('printed');
  for (const { name, hidden } of commands) {
    if (hidden) expect(context.stdout.text).not.toMatch(new RegExp(`^ +${name} `, 'm'));
    else expect(context.stdout.text).toContain(name.split(' ')[0]);
  }
  expect((await read('release', '--help')).context.stdout.text).toMatch(
    /--ref <ref>[\s\S]*--events <file>[\s\S]*pipeline release api/,
  );
  expect((await read('local', '--help')).context.stdout.text).toContain('reset');
  expect((await read('--version')).context.stdout.text).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('the names that no app can have are the first words of all commands', () => {
  const words = commands.map(({ name }) => name.split(' ')[0] ?? '');
  expect([...new Set([...words, 'help'])].sort()).toEqual(commandWords);
});

test.each([
  [['rollback', 'api'], 'usage.unknown-command', "unknown command 'rollback'", 'did you mean fast-rollback?'],
  [['--env', 'local', 'deploy'], 'usage.unknown-command', "unknown command 'deploy'", 'did you mean release?'],
  [['rele', 'api'], 'usage.unknown-command', "unknown command 'rele'", 'did you mean release?'],
  [['re', 'api'], 'usage.unknown-command', "unknown command 're'", 'pipeline --help'],
  [['local', 'deploy'], 'usage.unknown-command', "unknown command 'deploy'", 'pipeline --help'],
  [['relese', 'api'], 'usage.unknown-command', "unknown command 'relese'", 'did you mean release?'],
  [['release', 'api', '--dryrun'], 'usage.unknown-option', "unknown option '--dryrun'", 'did you mean --dry-run?'],
  [['release'], 'usage.missing-argument', "missing required argument 'app'", 'pipeline release --help'],
  [['release', 'a', 'b'], 'usage.excess-arguments', 'too many arguments', 'pipeline release --help'],
  [['release', 'api', '--bake', 'x'], 'usage.invalid-argument', "argument 'x' is invalid", 'pipeline release --help'],
  [
    ['local', 'fault', 'no-such-fault', 'x', '--y'],
    'usage.unknown-option',
    "unknown option '--y'",
    'pipeline local fault --help',
  ],
  [['local', 'upp'], 'usage.unknown-command', "unknown command 'upp'", 'did you mean up?'],
  [[], 'usage.no-command', 'no command given', undefined],
  [['local'], 'usage.no-command', 'no command given', undefined],
])('%j is refused with a fix', async (argv, code, message, fix) => {
  const error = await read(...argv).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, outcome: 'usage', message: expect.stringContaining(message), fix });
});
