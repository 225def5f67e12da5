import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { execa } from 'execa';
import { PipelineError, usageError } from '../shared/errors.ts';

/** A source that cannot be built without a doubt about what is in it. */
export interface WorkTree {
  clean: boolean;
  /** `XY path` lines as `git status` gives them: `M  a.js`, `?? new.js`. */
  changes: string[];
}

/**
 * The full id of the commit that a ref names.
 * Rejects with a usage error: `git.bad-ref` (not a name that git could know), `git.unknown-ref`, `git.not-a-repository`, `git.unsafe-directory`.
 */
export async function resolveCommit({ repository, ref }: { repository: string; ref: string }): Promise<string> {
  checkRef(ref);
  const folder = await topLevel(repository);
  const result = await git(folder, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  if (result.exitCode === 0 && isCommit(result.stdout)) return result.stdout;
  throw usageError(
    'git.unknown-ref',
    `${JSON.stringify(ref)} names no commit in ${repository}`,
    'git branch --all and git tag list what there is',
  );
}

/**
 * Writes a commit's files (those below `path`, as if it were the root) to a tar file.
 * `commit` must be a full id. Rejects with `git.bad-path` when the commit has no such folder, and with `signal.reason` when aborted.
 */
export async function archiveCommit(request: {
  repository: string;
  path: string;
  commit: string;
  file: string;
  signal?: AbortSignal;
}): Promise<void> {
  const { repository, path, commit, file, signal } = request;
  if (!isCommit(commit)) throw usageError('git.bad-ref', `${JSON.stringify(commit)} is not a full commit id`);
  if (!isAbsolute(file)) throw new TypeError(`the archive's path must be absolute, not ${file}`);
  checkPath(path);
  const folder = await topLevel(repository);
  const tree = path === '.' ? commit : `${commit}:${path.replace(/\/+$/, '')}`;
  const result = await git(folder, ['archive', '--format=tar', `--output=${file}`, tree], signal);
  signal?.throwIfAborted();
  if (result.exitCode === 0) return;
  if (/not a tree object|not a valid object name|does not exist in/i.test(result.stderr)) {
    throw usageError(
      'git.bad-path',
      `commit ${commit.slice(0, 12)} of ${repository} has no folder ${JSON.stringify(path)}`,
    );
  }
  throw new PipelineError(
    'git.failed',
    `git archive of ${commit.slice(0, 12)} failed: ${result.stderr.split('\n', 1)[0]}`,
    {
      details: result.stderr.split('\n').slice(-15),
    },
  );
}

/** Text of a file below `path` in a commit; undefined when there is no such file or commit. */
export async function readFileAt(request: {
  repository: string;
  path: string;
  commit: string;
  file: string;
}): Promise<string | undefined> {
  const { repository, path, commit, file } = request;
  checkPath(path);
  checkPath(file);
  if (!isCommit(commit)) throw new Error(`not a full commit id: ${commit}`);
  const whole = path === '.' ? file : `${path.replace(/\/+$/, '')}/${file}`;
  const result = await git(await topLevel(repository), ['cat-file', 'blob', `${commit}:${whole}`]);
  return result.exitCode === 0 ? result.stdout : undefined;
}

/** What differs from the last commit below `path`; a bare repository is always clean. */
export async function describeWorkTree({ repository, path }: { repository: string; path: string }): Promise<WorkTree> {
  checkPath(path);
  const folder = await topLevel(repository);
  const inside = await git(folder, ['rev-parse', '--is-inside-work-tree']);
  if (inside.stdout !== 'true') return { clean: true, changes: [] };
  const result = await git(folder, [
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--untracked-files=normal',
    '--',
    path,
  ]);
  if (result.exitCode !== 0) {
    throw new PipelineError('git.failed', `git status of ${repository} failed: ${result.stderr.split('\n', 1)[0]}`);
  }
  const changes = result.stdout.split('\0').filter((entry) => entry !== '');
  return { clean: changes.length === 0, changes };
}

/** The root of the work tree, or the folder itself when the repository is bare. */
async function topLevel(repository: string): Promise<string> {
  if (!isAbsolute(repository))
    throw usageError('git.not-a-repository', `${JSON.stringify(repository)} is not an absolute path`);
  const result = await git(repository, ['rev-parse', '--show-toplevel']);
  if (result.exitCode === 0) return result.stdout;
  if (/must be run in a work tree/.test(result.stderr)) return repository;
  if (/dubious ownership/.test(result.stderr)) {
    throw usageError(
      'git.unsafe-directory',
      `git does not trust ${repository}: it belongs to another user`,
      `git config --global --add safe.directory ${repository}`,
    );
  }
  throw usageError(
    'git.not-a-repository',
    `${repository} is not a git repository`,
    'set source.repository to a folder with the app’s commits',
    [result.stderr.split('\n', 1)[0] ?? ''],
  );
}

/** Git without the caller's repository variables, questions, hooks or helpers. */
async function git(cwd: string, argv: string[], signal?: AbortSignal) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^GIT_/.test(name) || /^GIT_(CONFIG_GLOBAL|CONFIG_SYSTEM|SSL_|EXEC_PATH)/.test(name),
    ),
  );
  const result = await execa(
    'git',
    ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.allow=never', ...argv],
    {
      cwd,
      env: {
        ...inherited,
        GIT_TERMINAL_PROMPT: '0',
        GIT_OPTIONAL_LOCKS: '0',
        GIT_LITERAL_PATHSPECS: '1',
        GIT_NO_LAZY_FETCH: '1',
        LC_ALL: 'C',
      },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      cancelSignal: signal,
    },
  );
  if (result.code === 'ENOENT' && existsSync(cwd)) {
    throw usageError('git.missing', 'git was not found on this machine', 'apt-get install git');
  }
  return result;
}

function checkRef(ref: string): void {
  const bad =
    ref === '' ||
    ref.startsWith('-') ||
    ref.length > 250 ||
    /[\s\p{Cc}\\?*[:;|&$`'"<>()]/u.test(ref) ||
    ref.includes('..');
  if (bad) throw usageError('git.bad-ref', `${JSON.stringify(ref)} is not a branch, tag or commit`);
}

function checkPath(path: string): void {
  const bad =
    path === '' ||
    isAbsolute(path) ||
    path.startsWith('-') ||
    path.split('/').includes('..') ||
    /[\p{Cc}:]/u.test(path);
  if (bad)
    throw usageError('git.bad-path', `source.path is ${JSON.stringify(path)}, expected a folder inside the repository`);
}

function isCommit(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
