/**
 * First words of all commands, sorted. An app or a group of tasks of such a name could not stand first in `pipeline <app> <task>`, as the
 * command is meant there. A test compares the list with the commands.
 */
export const commandWords: readonly string[] = [
  'abort',
  'base',
  'complete',
  'completion',
  'config',
  'diff',
  'doctor',
  'fast-rollback',
  'help',
  'history',
  'hold',
  'images',
  'infra',
  'init',
  'ledger',
  'local',
  'release',
  'repair',
  'restart',
  'resume',
  'run',
  'scale',
  'secrets',
  'status',
  'tasks',
  'unhold',
  'watch',
  'why',
];
