import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, World } from './support/world.ts';

/** One command of the chapter, and the lines that the README shows of its output. */
interface Shown {
  command: string;
  exitCode: number;
  lines: string[];
}

const readme = await readFile(path.join(root, 'README.md'), 'utf8');
const chapter = /## A day with it\n(.+?)\n## /s.exec(readme)?.[1] ?? '';

function shown(): Shown[] {
  const found: Shown[] = [];
  for (const [, block = ''] of chapter.matchAll(/```console\n(.+?)```/gs)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) {
        const exitCode = Number(/# exit code (\d+)/.exec(line)?.[1] ?? 0);
        found.push({ command: line.slice(2), exitCode, lines: [] });
      } else if (line.trim() !== '' && line !== '\u2026') found.at(-1)?.lines.push(line);
    }
  }
  return found;
}

/** What differs from run to run: ids, times, addresses, numbers, the widths of columns. */
function normal(line: string): string {
  return line
    .replace(/\b\d{8}T\d{6}-\w{4}\b/g, 'RUN')
    .replace(/\d+(\.\d+)?(ms|s)?\b/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
}

let world: World;
let programs: string;
beforeAll(async () => {
  world = await World.create();
  programs = path.join(world.dir, 'bin');
  await mkdir(programs);
  const script = `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, 'bin/pipeline.mjs')}" "$@"\n`;
  await writeFile(path.join(programs, 'pipeline'), script);
  await chmod(path.join(programs, 'pipeline'), 0o755);
});
afterAll(() => world?.close());

describe('the README\u2019s day', () => {
  it('shows what happens', async () => {
    const commands = shown();
    expect(commands.length).toBeGreaterThan(10);
    const git = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.invalid' };
    const committer = { GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.invalid' };
    for (const { command, exitCode, lines } of commands) {
      const ended = await execa('bash', ['-c', command], {
        cwd: world.project.dir,
        env: { ...world.env, ...git, ...committer, PATH: `${programs}:${process.env.PATH}`, COLUMNS: '200' },
        stdin: 'ignore',
        reject: false,
        all: true,
      });
      expect({ command, exitCode: ended.exitCode, all: ended.exitCode === exitCode ? '' : ended.all }).toEqual({
        command,
        exitCode,
        all: '',
      });
      const printed = ended.all.split('\n').map(normal);
      let at = 0;
      for (const line of lines) {
        const found = printed.indexOf(normal(line), at);
        expect({ command, line, found: found >= 0, printed: found < 0 ? ended.all : '' }).toEqual({
          command,
          line,
          found: true,
          printed: '',
        });
        at = found + 1;
      }
    }
  });
});
