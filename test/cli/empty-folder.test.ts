import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { runCli } from '../../src/cli/main.ts';
import { fakeContext } from './support/fake-context.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gp-empty-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Those that need no project: they print what is the same everywhere. */
const anywhere = ['completion', 'complete', 'init'];
const names = commands.map(({ name }) => name).filter((name) => !anywhere.includes(name));
/** What else a command insists on. */
const extra: Record<string, string[]> = {
  hold: ['--reason', 'test'],
  run: ['task'],
  scale: ['4'],
  'local fault': ['list'],
  'local aws': ['ec2', 'describe-instances'],
};

async function refused(argv: string[]): Promise<string> {
  const context = fakeContext(argv, { cwd: folder });
  expect({ argv, code: await runCli(context) }).toEqual({ argv, code: 2 });
  expect(context.stdout.text).toBe('');
  return context.stderr.text;
}

describe('in a folder without a project, a command names `pipeline init`:', () => {
  it.each(names)('%s', async (name) => {
    const spec = commands.find((one) => one.name === name);
    const app = spec?.arguments?.some((one) => /app/.test(one.name)) ? ['api'] : [];
    expect(await refused([...name.split(' '), ...app, ...(extra[name] ?? [])])).toContain('pipeline init');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('one that is given too little, or that does not exist', async () => {
    expect(await refused(['release'])).toContain('to start a project here: pipeline init');
    expect(await refused(['shop', 'deploy'])).toContain('to start a project here: pipeline init');
  });
});

it('a command for an app in a project without any app names `pipeline init`', async () => {
  mkdirSync(join(folder, 'pipelines'));
  for (const argv of [
    ['release', 'api'],
    ['doctor', 'api'],
    ['config', 'check'],
    ['base', 'build'],
  ]) {
    expect(await refused(argv)).toContain('pipeline init');
  }
});
