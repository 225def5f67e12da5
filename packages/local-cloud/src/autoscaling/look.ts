import type { GroupInstance, GroupRecord } from '../model.ts';
import type { Departures } from './departures.ts';
import type { Launches } from './launches.ts';
import type { Runtime } from './runtime.ts';

/** What a look at a group works with. */
export interface Look {
  readonly runtime: Runtime;
  readonly launches: Launches;
  readonly departures: Departures;
  readonly group: GroupRecord;
  readonly now: number;
  /** Serves, as far as health checks and the balancer tell. */
  isServing(instance: GroupInstance): boolean;
  /** Asks for another look at that time at the latest. */
  wakeAt(at: number): void;
}

/** One instance that was given up, and why, for the refresh that may have launched it. */
export interface Loss {
  instanceId: string;
  message: string;
  /** When it had entered service, if it had. */
  inServiceAt?: number;
}
