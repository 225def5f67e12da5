import * as real from '../../../src/hosts/git/run-git.ts';

/*
 * Replaces src/hosts/git/run-git.ts in the bundle of the simulation (scripts/build.mjs): nobody commits to the project while histories are
 * played, so what git has printed once is what it prints again. Two thirds of a simulated release are processes of git otherwise.
 */
export * from '../../../src/hosts/git/run-git.ts';

/** Commands that only print, and print the same as long as the repository does not change. */
const pure: ReadonlySet<string | undefined> = new Set([
  ...['status', 'cat-file', 'for-each-ref', 'log', 'ls-tree', 'rev-parse', 'rev-list', 'diff-tree', 'merge-base'],
]);

const printed = new Map<string, Promise<real.GitResult>>();

/** As the real one, once for each repository, arguments and input. */
export function git(cwd: string, argv: string[], options: real.GitOptions = {}): Promise<real.GitResult> {
  const { env = {}, input = '' } = options;
  if (!pure.has(argv.find((word, index) => word !== '-c' && argv[index - 1] !== '-c'))) {
    return real.git(cwd, argv, options);
  }
  // A view of a repository is in a new folder each time, and names the repository by its objects.
  const key = JSON.stringify([env.GIT_OBJECT_DIRECTORY ?? [cwd, env], argv, input.toString()]);
  const known = printed.get(key) ?? real.git(cwd, argv, { ...options, signal: undefined });
  printed.set(key, known);
  return known;
}
