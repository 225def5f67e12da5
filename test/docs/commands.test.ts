import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { parse } from '../../src/cli/program.ts';
import { readTaskLine, tasksOf } from '../../src/cli/tasks.ts';
import { taskNamed } from '../../src/runner/project-tasks.ts';
import { asOwnError } from '../../src/tasks/own-error.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { type CommandLine, commandLines } from './support/command-lines.ts';

const root = path.resolve(import.meta.dirname, '../..');
const guides = (await readdir(path.join(root, 'docs'))).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'ansible/roles/release/README.md', ...guides.map((name) => `docs/${name}`)];

/** Why the command line would not be understood; undefined when it would be. Nothing is carried out. */
async function complaint({ words, inText }: CommandLine): Promise<string | undefined> {
  const context = fakeContext(words, { cwd: root });
  try {
    const parsed = await parse(context);
    if (parsed === 'printed' || parsed.spec.name !== 'run') return undefined;
    const [app = '', name, ...rest] = parsed.args;
    if (name === undefined) return undefined;
    const task = taskNamed(await tasksOf(context, app, parsed.options), name);
    readTaskLine(context, { app, name, task, words: rest.filter((word) => word !== undefined) });
    return undefined;
  } catch (thrown) {
    const error = asOwnError(thrown);
    if (!(error instanceof PipelineError)) throw error;
    const unfinished = ['usage.missing-argument', 'usage.no-command', 'input.missing'].includes(error.code);
    return inText && unfinished ? undefined : `${error.code}: ${error.message}`;
  }
}

describe('command lines in the pages', () => {
  it.each(pages)('%s has only command lines that the parser accepts', async (page) => {
    const lines = commandLines(page, await readFile(path.join(root, page), 'utf8'));
    const wrong: string[] = [];
    for (const line of lines) {
      const why = await complaint(line);
      if (why !== undefined) wrong.push(`${line.at}: ${line.shown}: ${why}`);
    }
    expect(wrong).toEqual([]);
  });

  it('are found in blocks and sentences, with everything that a page omits', () => {
    const page = [
      'Say `pipeline scale <app> <n>`, or:',
      '```console',
      '$ pipeline local up | down   # a comment',
      'undo: pipeline images api pin v4 --reason "a b"',
      '```',
      '    source <(pipeline completion bash)   # in ~/.bashrc',
      '    pipeline completion fish | source',
      '```ts',
      'pipeline nonsense',
      '```',
    ].join('\n');
    expect(commandLines('x.md', page).map(({ at, words }) => `${at} ${words.join(',')}`)).toEqual([
      'x.md:1 scale,frontend,6',
      'x.md:3 local,up',
      'x.md:3 local,down',
      'x.md:4 images,api,pin,v4,--reason,a b',
      'x.md:6 completion,bash',
      'x.md:7 completion,fish',
    ]);
  });

  it('are reported when they are wrong', async () => {
    const page = '```\npipeline relese api\npipeline release api --no-such\npipeline frontend no-such-task\n```\n';
    const complaints = await Promise.all(commandLines('x.md', page).map(complaint));
    expect(complaints.map((text) => text?.split(':')[0])).toEqual([
      'usage.unknown-command',
      'usage.unknown-option',
      'task.unknown',
    ]);
  });
});

it('the help of each command has only examples that the command accepts', async () => {
  for (const { name, examples = [] } of commands) {
    for (const example of examples) {
      const [line] = commandLines(name, `\`\`\`\n${example}\n\`\`\``);
      expect(line, example).toBeDefined();
      expect(line && (await complaint(line)), example).toBeUndefined();
    }
  }
});
