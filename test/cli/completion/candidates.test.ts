import { expect, test } from 'vitest';
import { commands, groups } from '../../../src/cli/commands/index.ts';
import { candidates, type KnownTask, type Sources } from '../../../src/cli/completion/candidates.ts';

const worker: Readonly<Record<string, KnownTask>> = {
  'stop-consuming': {
    summary: 'drain',
    positional: [['mail', 'orders', 'a b']],
    options: [
      { flags: '--for <time>', description: 'how long' },
      { flags: '--mode <m>', description: 'how', choices: ['soft', 'hard'] },
    ],
  },
};

const sources: Sources = {
  apps: async () => ['api', 'heracles'],
  environments: async (app) => (app === 'api' ? ['local', 'production'] : ['local', 'production', 'staging']),
  tasks: async (app) => (app === 'heracles' ? worker : {}),
  versions: async (app, environment) =>
    app === 'api' && environment !== 'staging'
      ? [
          { version: 'v3', commit: 'c'.repeat(40), knownGood: false, rolledBack: false },
          { version: 'v2', commit: 'b'.repeat(40), knownGood: true, rolledBack: true },
          { version: 'v1', commit: 'a'.repeat(40), knownGood: true, rolledBack: false },
        ]
      : [],
  runs: async (app, environment) =>
    app === 'api' && environment === undefined
      ? [{ id: '20260101T000000-abcd', description: 'release v3 rolled-back' }]
      : [],
};

async function values(...words: string[]): Promise<string[] | 'files'> {
  const found = await candidates(words, commands, groups, sources);
  return found === 'files' ? found : found.map(({ value }) => value);
}

test('the first word completes to a command, a group or an app, and to nothing hidden', async () => {
  const first = await values('');
  expect(first).toEqual(expect.arrayContaining(['release', 'local', 'config', 'completion', 'api', 'heracles']));
  expect(first).not.toContain('complete');
  expect(new Set(first).size).toBe(first.length);
});

test.each([
  [['rel'], ['release']],
  [['local', 'u'], ['up']],
  [
    ['fast-rollback', 'api', ''],
    ['v2', 'v1'],
  ],
  [['api', 'fast-rollback', 'v1'], ['v1']],
  [['--env', 'staging', 'fast-rollback', 'api', ''], []],
  [
    ['images', 'api', 'pin', ''],
    ['v3', 'v2', 'v1'],
  ],
  [['history', 'api', '2026'], ['20260101T000000-abcd']],
  [['watch', 'a'], ['api']],
  [['resume', 'api', '--env', 'staging', ''], []],
  [['local', 'fault', 'zone'], ['zone-lost']],
  [
    ['release', ''],
    ['api', 'heracles'],
  ],
  [['--json', 'release', 'h'], ['heracles']],
  [['release', 'api', ''], []],
  [['release', 'api', '--b'], ['--bake']],
  [
    ['release', 'api', '--bake', ''],
    ['detach', 'builder'],
  ],
  [['release', 'api', '--bake=b'], ['--bake=builder']],
  [
    ['release', 'api', '--bake', '='],
    ['detach', 'builder'],
  ],
  [['release', 'api', '--bake', '=', 'd'], ['detach']],
  [['release', 'api', '--bake', 'detach', '--ba'], []],
  [
    ['release', 'api', '--env', ''],
    ['local', 'production'],
  ],
  [['--env', 's'], ['staging']],
  [
    ['images', 'api', 'p'],
    ['pin', 'prune'],
  ],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['run', 'heracles', ''], ['stop-consuming']],
  [['heracles', 'stop'], ['stop-consuming']],
  [['api', 'rel'], ['release']],
  [['api', 'release', '--env', 'l'], ['local']],
  [
    ['heracles', 'stop-consuming', ''],
    ['mail', 'orders'],
  ],
  [['run', 'heracles', 'stop-consuming', '--f'], ['--for']],
  [['heracles', 'stop-consuming', '--for', '5m', 'o'], ['orders']],
  [
    ['heracles', 'stop-consuming', 'mail', '--mode', ''],
    ['soft', 'hard'],
  ],
  [['no-such-command', ''], []],
  [['heracles', '__proto__', ''], []],
])('%j completes to %j', async (words, expected) => {
  expect(await values(...words)).toEqual(expected);
});

test('values that are paths are completed by the shell', async () => {
  expect(await values('status', '--project', '')).toBe('files');
  expect(await values('status', '--events', 'x')).toBe('files');
});

test('every option of every command is offered, with its description', async () => {
  for (const spec of commands.filter((one) => !one.hidden)) {
    const found = await candidates([...spec.name.split(' '), '--'], commands, groups, sources);
    for (const { flags, description } of spec.options ?? []) {
      expect(found).toContainEqual({ value: /--[\w-]+/.exec(flags)?.[0], description });
    }
    expect(found).toContainEqual({ value: '--json', description: 'print one JSON document on stdout' });
  }
});
