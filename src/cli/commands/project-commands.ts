import type { CommandSpec } from '../command.ts';
import { app, dryRun, someApp } from './arguments.ts';
import { initOptions } from './init-options.ts';

/** The project: its ledger, what it needs, and its files. */
export const projectCommands: readonly CommandSpec[] = [
  {
    name: 'ledger rebuild',
    summary: "add the releases that the ledger lacks, from the tags of the app's golden images",
    arguments: [app],
    options: [dryRun],
    examples: ['pipeline ledger rebuild api --dry-run'],
    load: () => import('./ledger-rebuild.ts'),
  },
  {
    name: 'doctor',
    summary: 'check what would stop a release, a rollback or a scale-out, with a fix for each',
    arguments: [someApp],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'init',
    summary: 'write pipelines/<app>.ts and a role for it, from a running fleet or from answers',
    arguments: [
      { name: '[app]', description: 'name of the app; with a file of its own, an environment is added to it' },
    ],
    options: initOptions,
    examples: [
      'pipeline init',
      'pipeline init shop --env local --yes',
      'pipeline init shop --env staging --region eu-west-1',
      'pipeline init api --from-group api-production --region eu-west-1',
    ],
    load: () => import('./init.ts'),
  },
  {
    name: 'config check',
    summary: 'check every file in pipelines/ and say all that is wrong',
    arguments: [someApp],
    load: () => import('./config-check.ts'),
  },
];
