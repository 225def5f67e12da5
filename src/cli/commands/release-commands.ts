import type { CommandSpec } from '../command.ts';
import { allowDirty, app, dryRun, emergency, githubSummary, waitForLock } from './arguments.ts';

/** Commands that change which version serves, and those that clean up after them. */
export const releaseCommands: readonly CommandSpec[] = [
  {
    name: 'release',
    summary: 'bake a commit into a golden image and roll the fleet onto it',
    arguments: [app],
    options: [
      { flags: '--ref <ref>', description: 'branch, tag or commit', default: 'HEAD' },
      { flags: '--strategy <name>', description: 'how instances are replaced', choices: ['rolling', 'blue-green'] },
      {
        flags: '--bake <where>',
        description: 'on a serving host, or on a builder instance',
        choices: ['detach', 'builder'],
      },
      { flags: '--from-base', description: 'on a builder from the newest base image, not from the image that serves' },
      { flags: '--again', description: 'release even if the same commit, built the same way, serves already' },
      allowDirty,
      { flags: '--irreversible', description: 'mark the release as irreversible: no rollback to a version before it' },
      { flags: '--skip-migrate', description: 'do not run the migration of the configuration (release.migrate)' },
      {
        flags: '--no-rollback-target',
        description: 'release even if the current image is gone or disabled, without a rollback target',
      },
      ...emergency,
      waitForLock,
      githubSummary,
      dryRun,
    ],
    examples: [
      'pipeline release api',
      'pipeline release api --ref v2-candidate --dry-run',
      'pipeline release api --from-base --ref 3f2a9c1',
    ],
    load: () => import('./release.ts'),
  },
  {
    name: 'fast-rollback',
    summary: 'go back to a kept image',
    arguments: [app, { name: '[version]', description: 'e.g. v41; without it the release before the current one' }],
    options: [
      {
        flags: '--method <name>',
        description: 'the rollback method',
        choices: ['auto', 'switch', 'in-place', 'rolling'],
        default: 'auto',
      },
      {
        flags: '--force',
        description: 'also to an image that was never known-good, or across an irreversible release',
      },
      { flags: '--supersede', description: 'cancel an active instance refresh first' },
      { flags: '--wait', description: 'end when the whole fleet runs the old image' },
      dryRun,
    ],
    examples: ['pipeline fast-rollback api', 'pipeline fast-rollback api v41'],
    load: () => import('./fast-rollback.ts'),
  },
  {
    name: 'resume',
    summary: 'continue a run that crashed, or that requires manual intervention',
    arguments: [
      {
        name: '[app|run]',
        description: 'an app, or a run by its id or the beginning of it; without it the only unfinished one',
      },
      { name: '[run]', description: 'id of the run, or the beginning of it; without it the newest unfinished one' },
    ],
    options: [dryRun],
    examples: ['pipeline resume', 'pipeline resume api --dry-run', 'pipeline resume 20261130T021421-0wdq'],
    load: () => import('./resume.ts'),
  },
  {
    name: 'abort',
    summary: 'abort the active run of an app, or undo what an unfinished one has changed',
    arguments: [
      {
        name: '[app|run]',
        description: 'an app, or a run by its id or the beginning of it; without it the only unfinished one',
      },
    ],
    examples: ['pipeline abort', 'pipeline abort api', 'pipeline abort 20261130T021421-0wdq'],
    load: () => import('./abort.ts'),
  },
  {
    name: 'repair',
    summary: 'restore what a lost run has left, and repair the image that the fleet launches',
    arguments: [app],
    options: [
      {
        flags: '--lost-run <id>',
        description: 'run of a lost ledger, named by its tag, of which it is certain that it is over',
      },
      dryRun,
    ],
    examples: ['pipeline repair api --dry-run', 'pipeline repair api'],
    load: () => import('./repair.ts'),
  },
];
