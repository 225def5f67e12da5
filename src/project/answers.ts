import type { RunningFleet } from '../aws/running-fleet.ts';
import type { Technology } from './stack/stack.ts';

/** The inputs for the files of a new app. */
export interface Answers {
  app: string;
  environment: string;
  cloud: 'aws' | 'local';
  region: string;
  /** Folder of the app in the repository. */
  source: string;
  technology: Technology;
  /** Command lines: how it is started, and how a fresh checkout is made ready; '' for nothing. */
  start: string;
  build: string;
  /** Further variables of the service. */
  variables: Readonly<Record<string, string>>;
  /** The command that migrates the database in each release; one that nobody has accepted is a comment. */
  migrate?: { command: readonly string[]; accepted: boolean };
  port: number;
  healthPath: string;
  listenerPort: number;
  min: number;
  max: number;
  sshUser: string;
  /** The existing fleet. */
  running?: RunningFleet;
}
