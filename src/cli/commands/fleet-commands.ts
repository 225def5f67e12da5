import type { CommandSpec } from '../command.ts';
import { app, dryRun, someApp } from './arguments.ts';

/** What an app has in an environment: secrets, instances, images. */
export const fleetCommands: readonly CommandSpec[] = [
  {
    name: 'secrets',
    summary: 'where the secrets of an app are kept and whether they are there; refresh: all hosts read them anew',
    arguments: [
      app,
      {
        name: '[action]',
        description: 'refresh; without it they are listed',
        suggestions: ['refresh'],
      },
    ],
    options: [dryRun],
    examples: ['pipeline secrets api', 'pipeline secrets api refresh'],
    load: () => import('./secrets.ts'),
  },
  {
    name: 'status',
    summary: 'what serves now, since when and by whom, on which instances',
    arguments: [someApp],
    options: [
      { flags: '--all-environments', description: 'in every environment; one that cannot be read: exit code 1' },
    ],
    examples: ['pipeline status api', 'pipeline status api --all-environments'],
    load: () => import('./status.ts'),
  },
  {
    name: 'diff',
    summary: 'what a release would bring: commits, files, migrations, roles, configuration, base image',
    arguments: [
      app,
      { name: '[from]', description: 'version or commit; without it the version that serves' },
      { name: '[to]', description: 'version or commit; without it HEAD' },
    ],
    examples: ['pipeline diff api', 'pipeline diff api v41', 'pipeline diff api v41 v42 --json'],
    load: () => import('./diff.ts'),
  },
  {
    name: 'why',
    summary: 'what would stop a release now, and until when',
    arguments: [app],
    options: [{ flags: '--ref <ref>', description: 'branch, tag or commit', default: 'HEAD' }],
    load: () => import('./why.ts'),
  },
  {
    name: 'hold',
    summary: 'refuse releases and changes of size of an app, or of a whole environment with --env alone',
    arguments: [someApp],
    options: [
      { flags: '--reason <text>', description: 'why; everybody who is refused reads it' },
      { flags: '--until <time>', description: 'when it ends by itself, with its zone, e.g. 2027-03-01T14:00+01:00' },
    ],
    examples: [
      'pipeline hold api --reason "database is being moved"',
      'pipeline hold --env production --reason "sale of the final" --until 2027-03-01T14:00+01:00',
    ],
    load: () => import('./hold.ts'),
  },
  {
    name: 'unhold',
    summary: 'end a hold',
    arguments: [someApp],
    examples: ['pipeline unhold api', 'pipeline unhold --env production'],
    load: () => import('./unhold.ts'),
  },
  {
    name: 'images',
    summary: 'golden images of an app: list, pin, unpin, or prune what is no longer kept',
    arguments: [
      app,
      {
        name: '[action]',
        description: 'pin, unpin or prune; without it they are listed',
        suggestions: ['pin', 'unpin', 'prune'],
      },
      { name: '[version]', description: 'of pin and unpin, e.g. v41' },
    ],
    options: [
      { flags: '--reason <text>', description: 'with pin: why it is kept' },
      { flags: '--force', description: 'with prune: also images that are shared with other accounts' },
      dryRun,
    ],
    examples: [
      'pipeline images api',
      'pipeline images api pin v41 --reason "before the new checkout"',
      'pipeline images api prune --dry-run',
    ],
    load: () => import('./images.ts'),
  },
];
