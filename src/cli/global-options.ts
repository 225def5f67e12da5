import type { OptionSpec } from './command.ts';

/** Options that every command takes, in the order of the help. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '--env <environment>', description: "environment, e.g. staging; without it the app's default one" },
  {
    flags: '--project <dir>',
    description: 'folder that holds pipelines/; without it the nearest one from here upwards',
  },
  { flags: '--json', description: 'print one JSON document on stdout' },
  { flags: '--events <file>', description: 'write the events of a run to a file, one JSON document a line' },
  { flags: '--no-color', description: 'no colors' },
  { flags: '--yes', description: 'answer questions with yes' },
  { flags: '--debug', description: 'show stack traces' },
];
