import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A git repository in a folder of its own. */
export interface TemporaryRepository {
  /** Folder above the repository, for more of a test. */
  folder: string;
  repository: string;
  git(...argv: string[]): string;
  /** Writes files, by their name. */
  write(files: Record<string, string | Buffer>): Promise<void>;
  /** Writes files, commits all that has changed, and resolves with the commit. */
  commit(files?: Record<string, string | Buffer>): Promise<string>;
  remove(): Promise<void>;
}

const settings = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always'];

/** Runs git somewhere, as a person who has set nothing up. */
export function runGit(cwd: string, ...argv: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', [...settings, ...argv], { cwd, stdio: 'pipe', env })
    .toString()
    .trim();
}

export async function temporaryRepository(): Promise<TemporaryRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'gp-git-'));
  const repository = join(folder, 'repository');
  await mkdir(repository);
  const git = (...argv: string[]) => runGit(repository, ...argv);
  git('init', '-q', '-b', 'main');
  const write = async (files: Record<string, string | Buffer>) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(repository, name)), { recursive: true });
      await writeFile(join(repository, name), content);
    }
  };
  return {
    folder,
    repository,
    git,
    write,
    async commit(files = {}) {
      await write(files);
      git('add', '--all');
      git('commit', '-q', '--allow-empty', '-m', 'change');
      return git('rev-parse', 'HEAD');
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
