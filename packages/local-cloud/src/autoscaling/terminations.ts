import { isoSeconds } from '@golden-pipeline/shared/text';
import type { ActivityRecord, GroupInstance, GroupRecord, LifecycleState } from '../model.ts';
import { holdTermination } from './hooks/terminating.ts';
import { isWarm } from './lifecycle-states.ts';
import type { Runtime } from './runtime.ts';
import { drainTargets } from './traffic.ts';

/** Pause before a termination that EC2 refused is tried again. */
const RETRY_MS = 5_000;

/** On the way out, and not held by a hook. */
const leavingStates: readonly LifecycleState[] = [
  'Terminating',
  'Terminating:Proceed',
  'Warmed:Terminating',
  'Warmed:Terminating:Proceed',
  'EnteringStandby',
  'Detaching',
];

export interface TerminateOptions {
  /** Back to the warm pool instead of its end. */
  toWarmPool?: boolean;
  /** Terminating hooks do not hold it. */
  withoutHooks?: boolean;
}

/**
 * Ways out of service: each deregisters, waits for the drain, and only then goes on (to the terminating hooks first, if there
 * are any). All can be taken up again after a restart.
 */
export class Terminations {
  readonly #runtime: Runtime;
  /** Instances that this process is taking out of service. */
  readonly #walking = new Set<string>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @param cause the activity's cause after the time stamp, e.g. `instance i-1 was taken out of service in response to ...` */
  terminate(
    group: GroupRecord,
    instance: GroupInstance,
    cause: string,
    { toWarmPool, withoutHooks }: TerminateOptions = {},
  ): ActivityRecord {
    const { context, log } = this.#runtime;
    log.cancel(instance.activityId, 'The instance is being terminated.');
    const activity = log.begin(
      group.name,
      `${toWarmPool ? 'Returning EC2 instance to warm pool' : 'Terminating EC2 instance'}: ${instance.instanceId}`,
      `At ${isoSeconds(context.clock.now())} ${cause}`,
      'WaitingForELBConnectionDraining',
      instance.instanceId,
    );
    // What was never ready has nothing to wind up.
    const unready = /^(Warmed:)?Pending/.test(instance.lifecycleState) && instance.inServiceAt === undefined;
    instance.lifecycleState = isWarm(instance) ? 'Warmed:Terminating' : 'Terminating';
    instance.activityId = activity.id;
    instance.lifecycleActions = undefined;
    instance.toWarmPool = toWarmPool;
    instance.withoutHooks = withoutHooks || unready || undefined;
    this.#walk(group, instance);
    return activity;
  }

  /** Lets an instance that a terminating hook holds go on. */
  proceed(group: GroupRecord, instance: GroupInstance): void {
    if (instance.lifecycleState === 'Terminating:Wait') instance.lifecycleState = 'Terminating:Proceed';
    else if (instance.lifecycleState === 'Warmed:Terminating:Wait')
      instance.lifecycleState = 'Warmed:Terminating:Proceed';
    else return;
    instance.lifecycleActions = undefined;
    this.#walk(group, instance);
  }

  enterStandby(group: GroupRecord, instance: GroupInstance, cause: string): ActivityRecord {
    const { context, log } = this.#runtime;
    const activity = log.begin(
      group.name,
      `Moving EC2 instance to Standby: ${instance.instanceId}`,
      `At ${isoSeconds(context.clock.now())} ${cause}`,
      undefined,
      instance.instanceId,
    );
    instance.lifecycleState = 'EnteringStandby';
    instance.activityId = activity.id;
    this.#walk(group, instance);
    return activity;
  }

  detach(group: GroupRecord, instance: GroupInstance, cause: string): ActivityRecord {
    const { context, log } = this.#runtime;
    const activity = log.begin(
      group.name,
      `Detaching EC2 instance: ${instance.instanceId}`,
      `At ${isoSeconds(context.clock.now())} ${cause}`,
      undefined,
      instance.instanceId,
    );
    instance.lifecycleState = 'Detaching';
    instance.activityId = activity.id;
    this.#walk(group, instance);
    return activity;
  }

  /** Goes on with what an earlier process had begun. */
  resume(group: GroupRecord): void {
    for (const instance of group.instances) this.#walkIfDeparting(group, instance);
  }

  #walk(group: GroupRecord, instance: GroupInstance): void {
    const { context } = this.#runtime;
    const key = instance.instanceId;
    context.changed();
    if (this.#walking.has(key)) return;
    this.#walking.add(key);
    const failed = (error: unknown) => {
      context.report(error);
      context.clock.after(RETRY_MS, () => this.#walkIfDeparting(group, instance));
      return false;
    };
    void this.#goOut(group, instance)
      .then(() => true, failed)
      .then((arrived) => {
        this.#walking.delete(key);
        context.changed();
        this.#runtime.enqueue(group.name);
        // It may have been given a further destination while it arrived.
        if (arrived) this.#walkIfDeparting(group, instance);
      });
  }

  #walkIfDeparting(group: GroupRecord, instance: GroupInstance): void {
    if (group.instances.includes(instance) && leavingStates.includes(instance.lifecycleState))
      this.#walk(group, instance);
  }

  async #goOut(group: GroupRecord, instance: GroupInstance): Promise<void> {
    const { instances, log } = this.#runtime;
    await drainTargets(this.#runtime, group.targetGroupArns, instance.instanceId);
    // Read again: the termination of an instance on its way to Standby may have been requested meanwhile.
    if (instance.lifecycleState === 'EnteringStandby') {
      instance.lifecycleState = 'Standby';
      log.finish(instance.activityId);
      instance.activityId = undefined;
      return;
    }
    // The pass after this one wakes up for the hooks' timeouts, and lets it go on.
    if (holdTermination(this.#runtime, group, instance)) return;
    if (instance.toWarmPool && group.warmPool) {
      instance.toWarmPool = undefined;
      instance.lifecycleState = 'Warmed:Pending';
      return;
    }
    if (instance.lifecycleState === 'Detaching') instance.lifecycleState = 'Detached';
    else {
      log.advance(instance.activityId, 'InProgress', 50);
      await instances.terminate(instance.instanceId);
      instance.lifecycleState = 'Terminated';
    }
    log.finish(instance.activityId);
    const index = group.instances.indexOf(instance);
    if (index >= 0) group.instances.splice(index, 1);
  }
}
