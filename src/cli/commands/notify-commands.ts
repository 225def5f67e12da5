import type { CommandSpec } from '../command.ts';
import { app, someApp } from './arguments.ts';

/** Notifications: try a target, see what waits, send once more. */
export const notifyCommands: readonly CommandSpec[] = [
  {
    name: 'notify list',
    summary: 'notifications, newest first: what waits, what was delivered, what failed and why',
    arguments: [someApp],
    options: [{ flags: '--limit <n>', description: 'how many', default: '20' }],
    examples: ['pipeline notify list', 'pipeline notify list api --env production'],
    load: () => import('./notify-list.ts'),
  },
  {
    name: 'notify test',
    summary: 'send a test to the targets of an app, or to one of them, now',
    arguments: [app, { name: '[target]', description: 'name of the target; without it all' }],
    examples: ['pipeline notify test api', 'pipeline notify test api slack --env production'],
    load: () => import('./notify-test.ts'),
  },
  {
    name: 'notify deliver',
    summary: 'deliver what is due, for cron; exit code 1 when something still waits',
    examples: ['pipeline notify deliver --env production'],
    load: () => import('./notify-deliver.ts'),
  },
  {
    name: 'notify replay',
    summary: 'deliver a notification once more, or all that failed',
    arguments: [app, { name: '[id]', description: 'id of the notification, as notify list shows it' }],
    options: [{ flags: '--failed', description: 'all of this app that failed' }],
    examples: ['pipeline notify replay api 20261130T021421-0wdq.released.slack', 'pipeline notify replay api --failed'],
    load: () => import('./notify-replay.ts'),
  },
];
