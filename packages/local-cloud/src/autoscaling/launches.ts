import { messageOf } from '@golden-pipeline/shared/errors';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { ActivityRecord, GroupInstance, GroupRecord } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { activeInstances, isSuspended, type LaunchSource, launchChoices } from './groups.ts';
import { poolMembers } from './lifecycle-states.ts';
import { FULL_ZONE_PAUSE_MS, type Place, placeLaunches } from './placement.ts';
import type { Runtime } from './runtime.ts';
import { isBalancedOnly } from './shown-settings.ts';
import { registerTargets } from './traffic.ts';

/** First pause after a failed launch; it doubles up to {@link MAX_BACKOFF_MS}. AWS's own figures are unpublished. */
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

export interface LaunchOptions {
  /** For the activities: in response to what. */
  cause?: string;
  /** Into the warm pool. */
  pool?: boolean;
}

/** Starts instances and brings them into service. */
export class Launches {
  readonly #runtime: Runtime;
  /** Groups whose launches fail: how many consecutive times, and when the next try is due. */
  readonly #failing = new Map<string, { count: number; retryAt: number }>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * When launches may be tried again, if they fail at present.
   * @param pool those of the warm pool, which fail by themselves
   */
  retryAt(groupName: string, pool = false): number | undefined {
    return this.#failing.get(keyOf(groupName, pool))?.retryAt;
  }

  /**
   * Launches `count` instances, spread over the zones. A zone without room is left out, and the others take its share.
   * @returns the message of a refusal, when fewer than `count` were launched
   */
  launch(group: GroupRecord, count: number, source: LaunchSource, how: LaunchOptions = {}): string | undefined {
    const { context } = this.#runtime;
    const full = new Set<string>();
    let missing = count;
    let refusal: string | undefined;
    try {
      for (;;) {
        const round = placeLaunches(context, group, missing, {
          full,
          // The pool's members will join the group's one day.
          among: how.pool ? [...activeInstances(group), ...poolMembers(group)] : undefined,
        });
        if (round.length === 0) break;
        const before = full.size;
        for (const { place, count: n } of round) {
          try {
            missing -= this.launchAt(group, place, n, source, how).length;
          } catch (error) {
            if (!isFull(error)) throw error;
            full.add(place.availabilityZone);
            refusal = this.refused(group, error, how);
            const retryAt = context.clock.now() + FULL_ZONE_PAUSE_MS;
            group.rebalance = { launched: group.rebalance?.launched ?? [], retryAt };
          }
        }
        // What a full zone leaves over is for the others, unless balance comes first.
        if (full.size === before || isBalancedOnly(group)) break;
      }
    } catch (error) {
      refusal = this.refused(group, error, how);
    }
    context.changed();
    if (missing === 0 || refusal === undefined) return undefined;
    this.failed(group.name, how.pool);
    return refusal;
  }

  /**
   * Launches `count` instances in one place: of the first choice that has room there.
   * @returns their ids
   * @throws what EC2 refuses with; for want of room what it refuses the last choice with, the others being noted
   */
  launchAt(group: GroupRecord, place: Place, count: number, source: LaunchSource, how: LaunchOptions = {}): string[] {
    const choices = launchChoices(source);
    for (const choice of choices.slice(0, -1)) {
      try {
        return this.#launch(group, place, count, choice, how);
      } catch (error) {
        if (!isFull(error)) throw error;
        this.refused(group, error, how);
      }
    }
    return this.#launch(group, place, count, choices.at(-1) ?? source, how);
  }

  #launch(group: GroupRecord, place: Place, count: number, source: LaunchSource, how: LaunchOptions): string[] {
    const { instances } = this.#runtime;
    const { id, version } = instances.resolveTemplate({ id: source.id }, source.version);
    const tags = launchTags(group);
    const { instanceType } = source;
    const ids = instances.launch({ launchTemplate: { id, version }, count, ...place, instanceType, tags });
    // Counted once, not for each of what may be hundreds.
    const size = sizeOf(group, how);
    for (const [index, instanceId] of ids.entries()) {
      const what = how.pool ? 'Launching a new EC2 instance into warm pool' : 'Launching a new EC2 instance';
      const activity = this.#begin(group, `${what}: ${instanceId}`, how, size + index, instanceId);
      group.instances.push({
        instanceId,
        lifecycleState: how.pool ? 'Warmed:Pending' : 'Pending',
        healthStatus: 'Healthy',
        availabilityZone: place.availabilityZone,
        launchTemplate: { id, version },
        protectedFromScaleIn: group.newInstancesProtected && !how.pool,
        activityId: activity.id,
      });
    }
    return ids;
  }

  /** Records a launch that EC2 has refused; gives the message. */
  refused(group: GroupRecord, error: unknown, how: LaunchOptions = {}): string {
    const message = messageOf(error);
    const activity = this.#begin(group, 'Launching a new EC2 instance', how, sizeOf(group, how));
    this.#runtime.log.fail(activity.id, `${message}. Launching EC2 instance failed.`);
    return message;
  }

  /** @param size of the group or its pool before this launch */
  #begin(
    group: GroupRecord,
    description: string,
    { cause, pool }: LaunchOptions,
    size: number,
    instanceId?: string,
  ): ActivityRecord {
    const { context, log } = this.#runtime;
    const change = `increasing the ${pool ? 'warm pool ' : ''}capacity from ${size} to ${size + 1}.`;
    const reason = cause ?? 'a difference between desired and actual capacity';
    const why = `At ${isoSeconds(context.clock.now())} an instance was started in response to ${reason}, ${change}`;
    const full = !pool && group.capacityCause ? `${group.capacityCause}  ${why}` : why;
    return log.begin(group.name, description, full, undefined, instanceId);
  }

  /** A launch that failed, at once or during the boot: the next one waits. */
  failed(groupName: string, pool = false): void {
    const key = keyOf(groupName, pool);
    const count = (this.#failing.get(key)?.count ?? 0) + 1;
    const pause = Math.min(FIRST_BACKOFF_MS * 2 ** (count - 1), MAX_BACKOFF_MS);
    this.#failing.set(key, { count, retryAt: this.#runtime.context.clock.now() + pause });
  }

  /** A launch that came to its end: the next one need not wait. */
  succeeded(groupName: string, pool = false): void {
    this.#failing.delete(keyOf(groupName, pool));
  }

  /** The machine runs: the instance serves from now on. */
  enterService(group: GroupRecord, instance: GroupInstance): void {
    const { context, log } = this.#runtime;
    instance.lifecycleState = 'InService';
    instance.inServiceAt = context.clock.now();
    log.finish(instance.activityId);
    instance.activityId = undefined;
    this.succeeded(group.name);
    if (!isSuspended(group, 'AddToLoadBalancer')) registerTargets(this.#runtime, group, instance.instanceId);
    context.changed();
  }
}

function isFull(error: unknown): error is CloudError {
  return error instanceof CloudError && error.code === 'InsufficientInstanceCapacity';
}

function sizeOf(group: GroupRecord, { pool }: LaunchOptions): number {
  return (pool ? poolMembers(group) : activeInstances(group)).length;
}

/** Groups' names have no colon. */
function keyOf(groupName: string, pool: boolean): string {
  return pool ? `${groupName}:pool` : groupName;
}

function launchTags(group: GroupRecord): Record<string, string> {
  const own = group.tags.filter((t) => t.propagateAtLaunch).map((t) => [t.key, t.value]);
  return { ...Object.fromEntries(own), 'aws:autoscaling:groupName': group.name };
}
