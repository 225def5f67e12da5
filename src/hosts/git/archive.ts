import { createWriteStream } from 'node:fs';
import { isAbsolute } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { type Isolated, isolated } from './isolated.ts';
import {
  bytesOf,
  gitEnvironment,
  gitFailed,
  gitMissing,
  isCommit,
  repositoryPath,
  safely,
  topLevel,
} from './run-git.ts';
import { stripTar } from './strip-tar.ts';
import { objectsMissing } from './tree.ts';

/**
 * Writes a commit's files (those below `path`, as if it were the root) to a tar file. Only the attributes of the whole
 * commit apply, including the root's `.gitattributes`, see {@link isolated}. `commit` must be a full id. Rejects with
 * `git.bad-path` when the commit has no such folder, `git.nothing-exported` when its attributes exclude every file,
 * `git.objects-missing` when the clone lacks a part of it, and with `signal.reason` when aborted.
 */
export async function archiveCommit(request: {
  repository: string;
  path: string;
  commit: string;
  file: string;
  signal?: AbortSignal;
}): Promise<void> {
  const { repository, commit, file, signal } = request;
  if (!isCommit(commit)) throw usageError('git.bad-ref', `${JSON.stringify(commit)} is not a full commit id`);
  if (!isAbsolute(file)) throw new TypeError(`the archive's path must be absolute, not ${file}`);
  const path = repositoryPath(request.path);
  const top = await topLevel(repository);
  await isolated(
    top,
    async (view) => {
      await assertFolder(view, { repository, path, commit });
      signal?.throwIfAborted();
      const words = path === '.' ? [] : ['--', path];
      const child = execa(
        'git',
        [...safely, '-c', 'core.attributesFile=/dev/null', 'archive', '--format=tar', commit, ...words],
        {
          cwd: view.folder,
          env: gitEnvironment(view.env),
          extendEnv: false,
          stdin: 'ignore',
          buffer: { stdout: false },
          reject: false,
          cancelSignal: signal,
        },
      );
      const strip = path === '.' ? undefined : stripTar(bytesOf(path));
      const written = pipeline(child.stdout, strip ?? new PassThrough(), createWriteStream(file));
      const [result] = await Promise.allSettled([child, written]);
      signal?.throwIfAborted();
      if (result.status === 'rejected') throw result.reason;
      if (result.value.code === 'ENOENT') throw gitMissing();
      if (result.value.exitCode !== 0) {
        const { stderr } = result.value;
        if (/unable to read|cannot read|missing|not a tree/i.test(stderr)) throw objectsMissing(commit, stderr);
        throw gitFailed(`git archive of ${commit.slice(0, 12)}`, stderr);
      }
      // The file may have failed by itself, e.g. because of a full disk.
      await written;
      if (strip?.count() === 0) throw nothingExported(path, commit);
    },
    { tags: true },
  );
}

/** @throws usage error `git.bad-path` */
async function assertFolder(
  view: Isolated,
  { repository, path, commit }: { repository: string; path: string; commit: string },
): Promise<void> {
  if (path === '.') return;
  const { exitCode, stdout, stderr } = await view.git(['ls-tree', '-z', '--full-tree', commit, '--', path]);
  if (exitCode !== 0) throw objectsMissing(commit, stderr);
  if (/^040000 tree /.test(stdout)) return;
  throw usageError(
    'git.bad-path',
    `commit ${commit.slice(0, 12)} of ${repository} has no folder ${JSON.stringify(path)}`,
  );
}

function nothingExported(path: string, commit: string) {
  return usageError(
    'git.nothing-exported',
    `nothing of ${path} in commit ${commit.slice(0, 12)} is released: a .gitattributes has export-ignore for all of it`,
    'git check-attr export-ignore -- <file> tells for each file; take the rule away, and commit',
  );
}
