import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { isRecording, record, type ShownLine } from './record-transcript.ts';
import { root, type World } from './world.ts';

/** One command of a page, and the lines that the page shows of its output. */
export interface Shown {
  page: string;
  command: string;
  exitCode: number;
  lines: ShownLine[];
}

/**
 * The commands in the `console` blocks of a page, in their order. `…` stands for lines left out, `# exit code 3` behind a command for
 * how it ends.
 * @param page Path of a Markdown file, from the root of the repository.
 * @param chapter Only what is below this heading.
 */
export async function transcriptOf(page: string, chapter?: string): Promise<Shown[]> {
  const found: Shown[] = [];
  let heading: string | undefined;
  let inside = false;
  for (const [at, line] of (await readFile(path.join(root, page), 'utf8')).split('\n').entries()) {
    if (!inside && line.startsWith('## ')) heading = line.slice(3);
    if (line.startsWith('```')) inside = line === '```console' && (chapter === undefined || heading === chapter);
    else if (inside && line.startsWith('$ ')) {
      const exitCode = Number(/# exit code (\d+)/.exec(line)?.[1] ?? 0);
      found.push({ page, command: line.slice(2), exitCode, lines: [] });
    } else if (inside && line.trim() !== '' && line.trim() !== '\u2026') found.at(-1)?.lines.push({ text: line, at });
  }
  return found;
}

/** What differs from run to run: ids, times, addresses, numbers, the widths of columns. */
function normal(line: string): string {
  return line
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, 'TIME')
    .replace(/\b\d{8}T\d{6}-\w{4}\b/g, 'RUN')
    .replace(/\b\d{8}T\d{6}Z\b/g, 'STAMP')
    .replace(/\b(i|ami|sg|snap)-[0-9a-f]{17}\b/g, '$1-ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'COMMIT')
    .replace(/(state in ).*/, '$1FOLDER')
    .replace(/(- |(\d+m )?\d+(\.\d+)?(ms|s)?\b)/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
}

/** A folder whose `pipeline` is the one that was built. */
export async function programsOf(world: World): Promise<string> {
  const programs = path.join(world.dir, 'bin');
  await mkdir(programs, { recursive: true });
  const script = `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, 'bin/pipeline.mjs')}" "$@"\n`;
  await writeFile(path.join(programs, 'pipeline'), script);
  await chmod(path.join(programs, 'pipeline'), 0o755);
  return programs;
}

/** Runs a command of a page as its reader would, and expects what the page shows, in that order. */
export async function expectShown(world: World, programs: string, shown: Shown): Promise<void> {
  const { page, command, exitCode, lines } = shown;
  const git = { GIT_AUTHOR_NAME: 'ann', GIT_AUTHOR_EMAIL: 'ann@example.invalid' };
  const committer = { GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.invalid' };
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
  if (isRecording) return record(page, lines, [ended.stdout.split('\n'), ended.stderr.split('\n')], normal);
  // Each stream by itself: in which order the two arrive is nobody's promise.
  const streams = [ended.stdout, ended.stderr].map((text) => ({ printed: text.split('\n').map(normal), at: 0 }));
  for (const { text: line } of lines) {
    const stream = streams.find(({ printed, at }) => printed.includes(normal(line), at));
    expect({ command, line, found: stream !== undefined, printed: stream ? '' : ended.all }).toEqual({
      command,
      line,
      found: true,
      printed: '',
    });
    if (stream) stream.at = stream.printed.indexOf(normal(line), stream.at) + 1;
  }
}
