import type { RunningFleet } from '../aws/running-fleet.ts';

/** The inputs for the files of a new app. */
export interface Answers {
  app: string;
  environment: string;
  cloud: 'aws' | 'local';
  region: string;
  /** Folder of the app in the repository. */
  source: string;
  technology: 'node' | 'python' | 'other';
  port: number;
  healthPath: string;
  listenerPort: number;
  min: number;
  max: number;
  sshUser: string;
  /** The existing fleet. */
  running?: RunningFleet;
}
