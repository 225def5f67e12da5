import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, posix } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';

/** Options of a run of git. */
export interface GitOptions {
  signal?: AbortSignal;
  /** Environment variables in addition to those of all runs. */
  env?: Record<string, string>;
  input?: string | Buffer;
}

/** The result of git. Text is in latin1, one character per byte, as file names may be in any encoding. */
export interface GitResult {
  exitCode?: number;
  stdout: string;
  stderr: string;
}

/** Runs git without the caller's repository variables, prompts, hooks or helpers. Never rejects for an exit code. */
export async function git(
  cwd: string,
  argv: string[],
  { signal, env, input = '' }: GitOptions = {},
): Promise<GitResult> {
  const result = await execa('git', [...safely, ...argv], {
    cwd,
    env: gitEnvironment(env),
    extendEnv: false,
    input,
    encoding: 'latin1',
    stripFinalNewline: false,
    maxBuffer: 1_000_000_000,
    reject: false,
    cancelSignal: signal,
  });
  if (result.code === 'ENOENT' && existsSync(cwd)) throw gitMissing();
  // Without output git could not be started: `cwd` is a file, or may not be entered.
  const { stdout = '', stderr = '' } = result as Partial<typeof result>;
  return { ...result, stdout: chomp(stdout), stderr: nameOf(stderr) || (result.code ?? '') };
}

/** Settings that keep git from running other programs and from using the network. */
export const safely = [
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'protocol.allow=never'],
];

/** The environment of a run of git. */
export function gitEnvironment(env: Record<string, string> = {}): Record<string, string | undefined> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^GIT_/.test(name) || /^GIT_(CONFIG_GLOBAL|CONFIG_SYSTEM|SSL_|EXEC_PATH)/.test(name),
    ),
  );
  return {
    ...inherited,
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_LAZY_FETCH: '1',
    LC_ALL: 'C',
    ...env,
  };
}

export function gitMissing(): PipelineError {
  return usageError('git.missing', 'git was not found on this computer', 'apt-get install git');
}

/** The error for an unexpected failure of git. */
export function gitFailed(what: string, stderr: string): PipelineError {
  const lines = stderr.split('\n').filter((line) => line !== '');
  return new PipelineError('git.failed', `${what} failed: ${lines[0] ?? 'git says no more'}`, {
    details: lines.slice(-15),
  });
}

/** Cache of work tree roots, by the folder of the query. */
const roots = new Map<string, string>();

/**
 * The root of the work tree, or the folder itself when the repository is bare. Git is called once, as long as the
 * folder exists.
 */
export async function topLevel(repository: string): Promise<string> {
  if (!isAbsolute(repository))
    throw usageError('git.not-a-repository', `${JSON.stringify(repository)} is not an absolute path`);
  const known = roots.get(repository);
  if (known !== undefined && isRootOf(known, repository)) return known;
  const result = await git(repository, ['rev-parse', '--show-toplevel']);
  if (result.exitCode === 0) {
    const root = nameOf(result.stdout);
    roots.set(repository, root);
    return root;
  }
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
    result.stderr.split('\n', 1).filter((line) => line !== ''),
  );
}

/** True where the nearest folder with a `.git`, from `folder` upwards, is `root`. */
function isRootOf(root: string, folder: string): boolean {
  for (let one = folder; ; one = dirname(one)) {
    if (existsSync(join(one, '.git'))) return one === root;
    if (one === dirname(one)) return false;
  }
}

/**
 * A folder below the root of a repository, as git names it: `services/api` for `./services//api/`, `.` for the root.
 * @throws usage error `git.bad-path`
 */
export function repositoryPath(path: string): string {
  const bad =
    path === '' ||
    isAbsolute(path) ||
    path.startsWith('-') ||
    path.split('/').includes('..') ||
    /[\p{Cc}:]/u.test(path);
  if (bad)
    throw usageError('git.bad-path', `source.path is ${JSON.stringify(path)}, expected a folder inside the repository`);
  return posix.normalize(path).replace(/\/+$/, '');
}

/** True for a full commit id, of SHA-1 or SHA-256. */
export function isCommit(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** A file's name as printed: git's bytes read as UTF-8. */
export const nameOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** The bytes of a text, one per character. */
export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const chomp = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);
