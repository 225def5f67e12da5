import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command.ts';

const app: ArgumentSpec = { name: '<app>', description: 'name of a file in pipelines/, e.g. api' };
const someApp: ArgumentSpec = { name: '[app]', description: 'only this app' };
const dryRun: OptionSpec = { flags: '--dry-run', description: 'print the plan and change nothing' };

/** Words that have commands of their own below them. */
export const groups: Readonly<Record<string, string>> = {
  local: 'the local cloud: EC2, Auto Scaling and load balancing on this machine',
  config: 'the files in pipelines/',
};

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'release',
    summary: 'bake a commit into a golden image and roll the fleet onto it',
    arguments: [app],
    options: [
      { flags: '--ref <ref>', description: 'branch, tag or commit', default: 'HEAD' },
      { flags: '--strategy <name>', description: 'how the fleet changes over', choices: ['rolling'] },
      {
        flags: '--bake <where>',
        description: 'on a serving host, or on a builder instance',
        choices: ['detach', 'builder'],
      },
      dryRun,
    ],
    examples: ['pipeline release api', 'pipeline release api --ref v2-candidate --dry-run'],
    load: () => import('./release.ts'),
  },
  {
    name: 'fast-rollback',
    summary: 'go back to a kept image',
    arguments: [app, { name: '[version]', description: 'e.g. v41; without it the release before the current one' }],
    options: [
      { flags: '--how <way>', description: 'the way back', choices: ['auto', 'roll'], default: 'auto' },
      { flags: '--force', description: 'also to an image that was never known-good' },
      dryRun,
    ],
    examples: ['pipeline fast-rollback api', 'pipeline fast-rollback api v41'],
    load: () => import('./fast-rollback.ts'),
  },
  {
    name: 'status',
    summary: 'what serves now, on which machines',
    arguments: [someApp],
    load: () => import('./status.ts'),
  },
  { name: 'images', summary: 'golden images of an app', arguments: [app], load: () => import('./images.ts') },
  {
    name: 'history',
    summary: 'runs of an app, newest first',
    arguments: [app],
    options: [{ flags: '--limit <n>', description: 'how many', default: '20' }],
    load: () => import('./history.ts'),
  },
  {
    name: 'local up',
    summary: 'start the local cloud and a fleet for each app with a local environment',
    options: [
      { flags: '--port <n>', description: 'port of the endpoint; without it a free one' },
      {
        flags: '--delays <profile>',
        description: 'how long the cloud takes',
        choices: ['quick', 'aws'],
        default: 'quick',
      },
      {
        flags: '--driver <kind>',
        description: 'real machines in sandboxes, or machines of a model',
        choices: ['sandbox', 'simulated'],
        default: 'sandbox',
      },
      { flags: '--no-fleets', description: 'only the cloud' },
    ],
    load: () => import('./local-up.ts'),
  },
  { name: 'local down', summary: 'stop the local cloud; its state stays', load: () => import('./local-down.ts') },
  { name: 'local status', summary: 'whether it runs, and where', load: () => import('./local-status.ts') },
  { name: 'local reset', summary: 'stop the local cloud and delete its state', load: () => import('./local-reset.ts') },
  {
    name: 'config check',
    summary: 'check every file in pipelines/ and say all that is wrong',
    arguments: [someApp],
    load: () => import('./config-check.ts'),
  },
];
