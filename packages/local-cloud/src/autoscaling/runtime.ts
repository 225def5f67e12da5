import type { CloudContext, InstanceService, TargetService } from '../context.ts';
import type { ActivityLog } from './activities.ts';

/** What the parts of Auto Scaling share. */
export interface Runtime {
  readonly context: CloudContext;
  readonly instances: InstanceService;
  readonly targets: TargetService;
  readonly log: ActivityLog;
  /** Reconciles the group soon; calls in one turn of the event loop are one pass. */
  enqueue(groupName: string): void;
  /** When the service began to work, in the clock's time. */
  startedAt(): number;
}
