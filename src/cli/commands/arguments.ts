import type { ArgumentSpec, OptionSpec } from '../command.ts';

/** Arguments and options that several commands have. */
export const app: ArgumentSpec = { name: '<app>', description: 'name of a file in pipelines/, e.g. api' };
export const someApp: ArgumentSpec = { name: '[app]', description: 'only this app' };
export const dryRun: OptionSpec = { flags: '--dry-run', description: 'print the plan and change nothing' };
export const allowDirty: OptionSpec = {
  flags: '--allow-dirty',
  description: 'local cloud only: run plays and Packer from files that are not committed, recorded as a snapshot',
};
/** How a run begins in spite of a hold. */
export const emergency: readonly OptionSpec[] = [
  { flags: '--emergency', description: 'begin in spite of a hold; with --reason, which is recorded' },
  { flags: '--reason <text>', description: 'with --emergency: why it cannot wait' },
];
/** How a command waits for the run that holds the lock. */
export const waitForLock: OptionSpec = {
  flags: '--wait-for-lock <duration>',
  description: 'wait for a run that holds the lock, e.g. 10m; a hold is not waited for',
};
/** What a job of GitHub Actions shows of a run. */
export const githubSummary: OptionSpec = {
  flags: '--github-summary',
  description: 'in GitHub Actions: add outcome, steps and commits to the summary of the job',
};
