import type { CommandSpec } from '../command.ts';
import { app, dryRun, emergency, githubSummary, someApp, waitForLock } from './arguments.ts';

/** Runs so far, the size of a fleet, and the tasks that a team has written. */
export const everydayCommands: readonly CommandSpec[] = [
  {
    name: 'history',
    summary: 'runs of an app, newest first; or one run: its steps, why it failed, what was undone',
    arguments: [app, { name: '[run]', description: 'id of one run, or the beginning of it' }],
    options: [
      { flags: '--limit <n>', description: 'how many runs', default: '20' },
      { flags: '--logs', description: 'of one run: all of the log that was collected when it failed' },
    ],
    examples: ['pipeline history api', 'pipeline history api 20261130T021421-0wdq --logs'],
    load: () => import('./history.ts'),
  },
  {
    name: 'watch',
    summary: 'follow the active run of an app, from any computer; Ctrl-C ends the watching only',
    arguments: [
      { name: '<app|run>', description: 'an app with an active run, or the id of that run or the beginning of it' },
    ],
    examples: ['pipeline watch api', 'pipeline watch 20261130T021421-0wdq'],
    load: () => import('./watch.ts'),
  },
  {
    name: 'scale',
    summary: 'change the size of a fleet, now or for an event',
    arguments: [app, { name: '[n]', description: 'instances that are wanted' }],
    options: [
      { flags: '--at <time>', description: 'when, with its zone, e.g. 2027-03-01T09:30+01:00; without it now' },
      { flags: '--until <time>', description: 'when it goes back to the usual size, by itself' },
      { flags: '--status', description: 'the size, what is held and what is scheduled' },
      { flags: '--cancel', description: 'back to the usual size; nothing stays scheduled or pre-heated' },
      ...emergency,
      waitForLock,
      githubSummary,
      dryRun,
    ],
    examples: [
      'pipeline scale api 350 --at 2027-03-01T09:30+01:00 --until 2027-03-01T14:00+01:00',
      'pipeline scale api 20',
      'pipeline scale api --cancel',
    ],
    load: () => import('./scale.ts'),
  },
  {
    name: 'restart',
    summary: 'restart the service of an app on every instance, without a release',
    arguments: [app],
    options: [
      { flags: '--instance <id>', description: 'only on one instance, by its id or the beginning of it' },
      { flags: '--batch <size>', description: 'instances at a time: a number, or percent such as 25%', default: '10%' },
      dryRun,
    ],
    examples: [
      'pipeline restart api',
      'pipeline restart api --batch 25%',
      'pipeline restart api --instance i-0c1f2e3d4b5a69788',
    ],
    load: () => import('./restart.ts'),
  },
  {
    name: 'run',
    summary: 'run a task of an app; also: pipeline <app> <task>',
    arguments: [app, { name: '[task]', description: 'name of the task; without it they are listed' }],
    options: [dryRun],
    passThrough: true,
    load: () => import('./run.ts'),
  },
  {
    name: 'tasks',
    summary: 'everyday tasks of the apps',
    arguments: [someApp],
    load: () => import('./tasks.ts'),
  },
];
