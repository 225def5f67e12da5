import type { CommandSpec } from '../command.ts';
import { shells } from '../completion/shells.ts';
import { infraCommands } from '../infra/commands.ts';
import { accessCommands } from './access-commands.ts';
import { baseCommands } from './base-commands.ts';
import { everydayCommands } from './everyday-commands.ts';
import { fleetCommands } from './fleet-commands.ts';
import { localCommands } from './local-commands.ts';
import { notifyCommands } from './notify-commands.ts';
import { projectCommands } from './project-commands.ts';
import { releaseCommands } from './release-commands.ts';

/** Words that have commands of their own below them. */
export const groups: Readonly<Record<string, string>> = {
  base: 'the image that every fleet starts from',
  local: 'the local cloud: EC2, Auto Scaling and load balancing on this computer',
  ledger: 'the record of releases, runs and locks',
  infra: 'the AWS resources of the fleets, made by the AWS CDK',
  config: 'the files in pipelines/',
  notify: 'announcements of what the pipeline has done',
};

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  ...releaseCommands,
  ...fleetCommands,
  ...baseCommands,
  ...everydayCommands,
  ...accessCommands,
  ...notifyCommands,
  ...localCommands,
  ...projectCommands,
  ...infraCommands,
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    arguments: [{ name: '<shell>', description: shells.join(', '), suggestions: shells }],
    examples: ['source <(pipeline completion bash)', 'pipeline completion fish | source'],
    load: () => import('./completion.ts'),
  },
  {
    name: 'complete',
    summary: 'what could stand next on the command line; for completion scripts',
    passThrough: true,
    hidden: true,
    // It reads these very descriptors, which it cannot import in turn.
    load: async () => (await import('./complete.ts')).completing(commands, groups),
  },
];
