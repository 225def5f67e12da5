import type { CloudContext, InstanceService, TargetService } from '../context.ts';
import type { ActivityLog } from './activities.ts';
import type { Departures } from './departures.ts';
import type { Launches } from './launches.ts';

/** What the parts of Auto Scaling share. */
export interface Runtime {
  readonly context: CloudContext;
  readonly instances: InstanceService;
  readonly targets: TargetService;
  readonly log: ActivityLog;
  /** Looks at the group again soon; calls in one turn of the event loop are one look. */
  poke(groupName: string): void;
  /** When the service began to work, in the clock's time. */
  startedAt(): number;
}

/** What the operations work with. */
export interface Operations extends Runtime {
  readonly launches: Launches;
  readonly departures: Departures;
  /** Looks at the group at once, for answers that must show the outcome. */
  lookNow(groupName: string): void;
}
