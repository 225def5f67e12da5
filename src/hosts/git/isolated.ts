import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitOptions, type GitResult, git, gitFailed, isCommit, nameOf } from './run-git.ts';

/** A view of a repository with its objects and tags, and without its settings. */
export interface Isolated {
  /** Working folder for git. */
  folder: string;
  /** Variables that make git see this view. */
  env: Record<string, string>;
  git(argv: string[], options?: Pick<GitOptions, 'signal' | 'input'>): ReturnType<typeof git>;
}

/**
 * Runs `work` with a temporary repository over the objects of another. There the result of git depends only on commits:
 * no settings (`core.autocrlf`, `tar.umask`), filters, `.git/info/attributes` or replaced objects of this clone apply,
 * and nothing is fetched.
 *
 * @param options.tags Includes the tags, for `%(describe)` in files with `export-subst`.
 */
export async function isolated<T>(
  top: string,
  work: (view: Isolated) => Promise<T>,
  options: { tags?: boolean } = {},
): Promise<T> {
  const { objects, format } = await store(top);
  const tags = options.tags ? await readTags(top) : '';
  const folder = await mkdtemp(join(tmpdir(), 'gp-git-'));
  try {
    await mkdir(join(folder, 'refs'));
    await Promise.all([
      writeFile(join(folder, 'HEAD'), 'ref: refs/heads/none\n'),
      writeFile(join(folder, 'config'), settings(format)),
      writeFile(join(folder, 'packed-refs'), tags === '' ? '' : `${tags}\n`, 'latin1'),
    ]);
    const env = {
      GIT_DIR: folder,
      GIT_OBJECT_DIRECTORY: objects,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ATTR_NOSYSTEM: '1',
    };
    return await work({
      folder,
      env,
      git: (argv, options) =>
        readOnce({ objects, argv, input: options?.input }, () =>
          git(folder, ['-c', 'core.attributesFile=/dev/null', ...argv], { ...options, env }),
        ),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What git has printed of objects, by object folder and arguments; the entries used last. */
const readings = new Map<string, GitResult>();
const maximumReadings = 64;
/** Longer output is not kept, in characters. */
const longestReading = 1_000_000;

/**
 * Objects are named by their contents, so that what git prints of them never changes: it is kept, unless an object was missing, which a
 * fetch may bring.
 */
async function readOnce(
  { objects, argv, input = '' }: { objects: string; argv: string[]; input?: string | Buffer },
  read: () => Promise<GitResult>,
): Promise<GitResult> {
  const [command] = argv;
  const fixed = command === 'cat-file' || (command === 'ls-tree' && argv.some(isCommit));
  if (!fixed) return read();
  const key = JSON.stringify([objects, argv, input.toString()]);
  const known = readings.get(key);
  const result = known ?? (await read());
  // A missing blob has the size `BAD` in a list, and is called missing by cat-file.
  const whole = result.exitCode === 0 && !/BAD|missing/.test(result.stdout);
  if (!whole || result.stdout.length > longestReading) return result;
  readings.delete(key);
  readings.set(key, result);
  for (const [oldest] of readings) {
    if (readings.size <= maximumReadings) break;
    readings.delete(oldest);
  }
  return result;
}

/** Object folders of repositories, cached since they do not change. */
const stores = new Map<string, { objects: string; format: string }>();

async function store(top: string): Promise<{ objects: string; format: string }> {
  const known = stores.get(top);
  if (known && existsSync(known.objects)) return known;
  const asked = ['rev-parse', '--path-format=absolute', '--git-path', 'objects', '--show-object-format'];
  const found = await git(top, asked);
  if (found.exitCode !== 0) throw gitFailed(`git rev-parse in ${top}`, found.stderr);
  const [objects = '', format = 'sha1'] = found.stdout.split('\n').map(nameOf);
  stores.set(top, { objects, format });
  return { objects, format };
}

async function readTags(top: string): Promise<string> {
  return (await git(top, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/tags'])).stdout;
}

function settings(format: string): string {
  const extensions = format === 'sha1' ? '' : `[extensions]\n\tobjectformat = ${format}\n`;
  return `[core]\n\trepositoryformatversion = ${format === 'sha1' ? 0 : 1}\n\tbare = true\n${extensions}`;
}
