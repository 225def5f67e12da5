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
    summary: 'what serves now, on which instances',
    arguments: [someApp],
    load: () => import('./status.ts'),
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
