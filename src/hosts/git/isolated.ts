import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitOptions, git, gitFailed, nameOf } from './run-git.ts';

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
      git: (argv, options) => git(folder, ['-c', 'core.attributesFile=/dev/null', ...argv], { ...options, env }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
