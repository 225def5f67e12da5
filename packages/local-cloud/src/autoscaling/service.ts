import type { CloudContext, InstanceService, TargetService } from '../context.ts';
import type { Service } from '../service.ts';
import { ActivityLog } from './activities.ts';
import { groupOfInstance } from './groups.ts';
import { activityHandlers } from './handlers/activities.ts';
import { deleteGroupHandlers } from './handlers/delete-group.ts';
import { emptyHandlers } from './handlers/empty.ts';
import { groupHandlers } from './handlers/groups.ts';
import { hookHandlers } from './handlers/hooks.ts';
import { instanceHandlers } from './handlers/instances.ts';
import { launchInstancesHandlers } from './handlers/launch-instances.ts';
import { notificationHandlers } from './handlers/notifications.ts';
import { policyHandlers } from './handlers/policies.ts';
import { processHandlers } from './handlers/processes.ts';
import { refreshHandlers } from './handlers/refresh.ts';
import { scheduledActionHandlers } from './handlers/scheduled-actions.ts';
import { standbyHandlers } from './handlers/standby.ts';
import { tagHandlers } from './handlers/tags.ts';
import { targetHandlers } from './handlers/targets.ts';
import { warmPoolHandlers } from './handlers/warm-pool.ts';
import { Launches } from './launches.ts';
import type { Operations } from './operations.ts';
import { Reconciler } from './reconciler.ts';
import type { Runtime } from './runtime.ts';
import { Terminations } from './terminations.ts';

export interface AutoScalingService extends Service {
  /** Takes up what the state says is in progress, and works from then on. */
  start(): void;
  /** Does nothing more by itself; the state stays as it is. */
  stop(): void;
  /** Resolves when nothing is to be done before the clock or another service moves. */
  idle(): Promise<void>;
}

/** Auto Scaling on top of the cloud's EC2 and ELBv2. */
export function createAutoScalingService(
  context: CloudContext,
  deps: {
    instances: InstanceService;
    targets: TargetService;
    /** Told when a CloudWatch alarm changes its state; absent where there are no alarms. */
    cloudwatch?: { onStateChange(listener: () => void): void };
  },
): AutoScalingService {
  const runtime: Runtime = {
    context,
    ...deps,
    log: new ActivityLog(context),
    enqueue: (groupName) => reconciler.enqueue(groupName),
    startedAt: () => reconciler.startedAt,
  };
  const launches = new Launches(runtime);
  const terminations = new Terminations(runtime);
  const reconciler = new Reconciler(runtime, launches, terminations);
  const enqueueGroupOf = (instanceId: string) => {
    const group = groupOfInstance(context.state, instanceId);
    if (group) reconciler.enqueue(group.name);
  };
  const enqueueRefreshes = () => {
    for (const { groupName } of Object.values(context.state.refreshes)) reconciler.enqueue(groupName);
  };
  context.faults?.onAlarm(enqueueRefreshes);
  deps.cloudwatch?.onStateChange(enqueueRefreshes);
  deps.instances.onStateChange(enqueueGroupOf);
  deps.targets.onStateChange((_arn, instanceId) => enqueueGroupOf(instanceId));
  const ops: Operations = { ...runtime, launches, terminations, reconcileNow: (name) => reconciler.reconcileNow(name) };
  return {
    handlers: {
      ...groupHandlers(ops),
      ...deleteGroupHandlers(ops),
      ...instanceHandlers(ops),
      ...standbyHandlers(ops),
      ...processHandlers(ops),
      ...targetHandlers(ops),
      ...tagHandlers(ops),
      ...activityHandlers(ops),
      ...refreshHandlers(ops),
      ...scheduledActionHandlers(ops),
      ...hookHandlers(ops),
      ...warmPoolHandlers(ops),
      ...launchInstancesHandlers(ops),
      ...policyHandlers(ops),
      ...notificationHandlers(ops),
      ...emptyHandlers(ops),
    },
    start: () => reconciler.start(),
    stop: () => reconciler.stop(),
    idle: () => reconciler.idle(),
  };
}
