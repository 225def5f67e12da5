import type { GroupInstance, GroupRecord } from '../model.ts';
import type { Launches } from './launches.ts';
import type { Runtime } from './runtime.ts';
import type { Terminations } from './terminations.ts';

/** What one pass over a group works with. */
export interface ReconcileContext {
  readonly runtime: Runtime;
  readonly launches: Launches;
  readonly terminations: Terminations;
  readonly group: GroupRecord;
  readonly now: number;
  /** Serves, as far as health checks and the balancer tell. */
  isServing(instance: GroupInstance): boolean;
  /** Asks for another pass at that time at the latest. */
  requeueAt(at: number): void;
}

/** One instance that was given up, and why, for the refresh that may have launched it. */
export interface Loss {
  instanceId: string;
  message: string;
  /** When it had entered service, if it had. */
  inServiceAt?: number;
}
