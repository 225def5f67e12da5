import type { AnyTask } from './schema/tasks.ts';
import type { Fleet } from './settings.ts';

/** The configuration of an app, validated as a whole. */
export interface Pipeline {
  app: string;
  /** Path of its file, relative to the project folder. */
  file: string;
  /** Environments in the file's order. */
  environments: string[];
  /** The environment that is used when none is given. */
  defaultEnvironment?: string;
  /** Tasks by name. */
  tasks: Readonly<Record<string, AnyTask>>;
  /** True for a file that has tasks and no fleet. */
  onlyTasks: boolean;
  /**
   * The fleet in an environment; for a file with only tasks just app, environment, cloud, region and ledger. @throws
   * usage error `config.unknown-environment`, `config.which-environment`
   */
  fleet(environment?: string): Fleet;
}
