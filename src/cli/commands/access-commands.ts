import type { CommandSpec, OptionSpec } from '../command.ts';
import { app } from './arguments.ts';

const instance: OptionSpec = {
  flags: '--instance <id>',
  description: 'one instance, by its id or the beginning of it',
};
const version: OptionSpec = { flags: '--version <version>', description: 'instances that have this version, e.g. v42' };

/** What is done on the instances of a fleet: reading logs, logging in, running a command. */
export const accessCommands: readonly CommandSpec[] = [
  {
    name: 'logs',
    summary: 'the logs of an app on all its instances, side by side',
    arguments: [app],
    options: [
      instance,
      version,
      { flags: '--since <time>', description: 'e.g. 10m, or a time with its zone; without it the last lines' },
      { flags: '--lines <n>', description: 'the last lines of each instance', default: '100' },
      { flags: '--grep <expression>', description: 'only lines that match, as a regular expression of Python' },
      { flags: '-f, --follow', description: 'go on with new lines, also of new instances, until Ctrl-C' },
      { flags: '--unit <name>', description: 'the journal of another unit of systemd, e.g. nginx.service' },
    ],
    examples: [
      'pipeline logs api --follow',
      'pipeline logs api --since 10m --grep "timeout|refused"',
      'pipeline logs api --version v42 --since 1h --json',
    ],
    load: () => import('./logs.ts'),
  },
  {
    name: 'ssh',
    summary: 'log in to an instance, in the folder of the release; recorded in the ledger',
    arguments: [app],
    options: [instance, version],
    examples: ['pipeline ssh api', 'pipeline ssh api --instance i-0a1b2c'],
    load: () => import('./ssh.ts'),
  },
  {
    name: 'exec',
    summary: "run a command as the service's user, in its folder and with its environment; recorded in the ledger",
    arguments: [app, { name: '<command...>', description: 'after --, the program and its arguments' }],
    options: [
      { flags: '--one', description: 'on one instance that serves; this is what happens without an option' },
      { flags: '--all', description: 'on all instances in service, side by side' },
      instance,
      version,
      { flags: '-i, --interactive', description: 'on one instance, with a terminal' },
    ],
    examples: [
      'pipeline exec api -- npm run report',
      'pipeline exec api --all -- df -h /',
      'pipeline exec api -i -- node',
    ],
    load: () => import('./exec.ts'),
  },
];
