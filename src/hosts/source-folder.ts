import { execa } from 'execa';
import { usageError } from '../shared/errors.ts';

/**
 * That a commit has the app's folder, with something in it.
 * @param request.commit A full id that the repository has.
 * @throws usage error `git.bad-path`
 */
export async function assertSourceFolder(request: {
  repository: string;
  path: string;
  commit: string;
  app: string;
}): Promise<void> {
  const { repository, path, commit, app } = request;
  const folder = path.replace(/\/+$/, '');
  if (folder === '.' || folder === '') return;
  // From the root of the repository, wherever in it the configured folder is.
  const { stdout, exitCode } = await execa('git', ['cat-file', '-t', `${commit}:${folder}`], {
    cwd: repository,
    reject: false,
    stdin: 'ignore',
    env: { LC_ALL: 'C' },
  });
  if (exitCode === 0 && stdout.trim() === 'tree') return;
  throw usageError(
    'git.bad-path',
    `commit ${commit.slice(0, 12)} of ${repository} has no folder ${JSON.stringify(path)}`,
    `name a commit that has it (--ref), or correct source.path in pipelines/${app}.ts`,
  );
}
