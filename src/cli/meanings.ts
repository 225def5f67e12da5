import type { CommandSpec } from './command.ts';

/** Words of other tools, and the command that does what they mean here. */
const meanings: Readonly<Record<string, string>> = {
  rollback: 'fast-rollback',
  'roll-back': 'fast-rollback',
  revert: 'fast-rollback',
  undo: 'fast-rollback',
  deploy: 'release',
  publish: 'release',
  ship: 'release',
  cancel: 'abort',
  stop: 'abort',
  kill: 'abort',
  list: 'status',
  ps: 'status',
  show: 'status',
  runs: 'history',
  follow: 'watch',
  log: 'logs',
  tail: 'logs',
  shell: 'ssh',
  console: 'ssh',
  resize: 'scale',
  fix: 'repair',
  new: 'init',
  create: 'init',
  check: 'config check',
  validate: 'config check',
  up: 'local up',
  down: 'local down',
  pin: 'images',
  prune: 'images',
  task: 'run',
};

/**
 * The command that an unknown first word stands for: by its meaning, as the beginning of only one name, or by its spelling.
 * @param similar The command that is spelled most like it, if one is.
 */
export function commandMeant(
  word: string,
  specs: readonly CommandSpec[],
  similar: string | undefined,
): string | undefined {
  const names = specs.filter((spec) => !spec.hidden).map((spec) => spec.name);
  const meant = Object.hasOwn(meanings, word) ? meanings[word] : undefined;
  if (meant !== undefined && names.includes(meant)) return meant;
  const begun = names.filter((name) => name.startsWith(word));
  return begun.length === 1 ? begun[0] : similar;
}
