import type { ActivityRecord, GroupInstance, GroupRecord } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { stamp } from './activities.ts';
import { activeInstances, isSuspended } from './groups.ts';
import { type Place, placeLaunches } from './placement.ts';
import type { Runtime } from './runtime.ts';
import { registerTargets } from './traffic.ts';

/** First pause after a failed launch; it doubles up to {@link MAX_BACKOFF_MS}. AWS's own figures are unpublished. */
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

/** Starts instances and brings them into service. */
export class Launches {
  readonly #runtime: Runtime;
  /** Groups whose launches fail: how often in a row, and when the next try is due. */
  readonly #failing = new Map<string, { count: number; retryAt: number }>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** When launches may be tried again, if they fail at present. */
  retryAt(groupName: string): number | undefined {
    return this.#failing.get(groupName)?.retryAt;
  }

  /**
   * Launches `count` instances, spread over the zones. A zone without room is left out, and the others take its share.
   * @returns the message of a refusal, when fewer than `count` were launched
   */
  launch(
    group: GroupRecord,
    count: number,
    source: { id: string; version: string },
    cause = 'a difference between desired and actual capacity',
  ): string | undefined {
    const { context, instances } = this.#runtime;
    const full = new Set<string>();
    let missing = count;
    let refusal: string | undefined;
    try {
      const template = instances.resolveTemplate({ id: source.id }, source.version);
      for (;;) {
        const round = placeLaunches(context.region, group, missing, full);
        if (round.length === 0) break;
        for (const { place, count: n } of round) {
          try {
            missing -= this.#launchAt(group, place, n, template, cause);
          } catch (error) {
            if (!(error instanceof CloudError) || error.code !== 'InsufficientInstanceCapacity') throw error;
            full.add(place.availabilityZone);
            refusal = this.#refused(group, error, cause);
          }
        }
      }
    } catch (error) {
      refusal = this.#refused(group, error, cause);
    }
    context.changed();
    if (missing === 0 || refusal === undefined) return undefined;
    this.failed(group.name);
    return refusal;
  }

  #launchAt(
    group: GroupRecord,
    place: Place,
    count: number,
    { id, version }: { id: string; version: number },
    cause: string,
  ): number {
    const tags = launchTags(group, { id, version });
    const ids = this.#runtime.instances.launch({ launchTemplate: { id, version }, count, ...place, tags });
    for (const instanceId of ids) {
      const activity = this.#begin(group, `Launching a new EC2 instance: ${instanceId}`, cause);
      group.instances.push({
        instanceId,
        lifecycleState: 'Pending',
        healthStatus: 'Healthy',
        availabilityZone: place.availabilityZone,
        launchTemplate: { id, version },
        protectedFromScaleIn: group.newInstancesProtected,
        activityId: activity.id,
      });
    }
    return ids.length;
  }

  #refused(group: GroupRecord, error: unknown, cause: string): string {
    const message = error instanceof Error ? error.message : String(error);
    const activity = this.#begin(group, 'Launching a new EC2 instance', cause);
    this.#runtime.log.fail(activity.id, `${message}. Launching EC2 instance failed.`);
    return message;
  }

  #begin(group: GroupRecord, description: string, cause: string): ActivityRecord {
    const { context, log } = this.#runtime;
    const capacity = activeInstances(group).length;
    const change = `increasing the capacity from ${capacity} to ${capacity + 1}.`;
    const why = `At ${stamp(context.clock.now())} an instance was started in response to ${cause}, ${change}`;
    return log.begin(group.name, description, why);
  }

  /** A launch that failed, at once or during the boot: the next one waits. */
  failed(groupName: string): void {
    const count = (this.#failing.get(groupName)?.count ?? 0) + 1;
    const pause = Math.min(FIRST_BACKOFF_MS * 2 ** (count - 1), MAX_BACKOFF_MS);
    this.#failing.set(groupName, { count, retryAt: this.#runtime.context.clock.now() + pause });
  }

  /** The machine runs: the instance serves from now on. */
  enterService(group: GroupRecord, instance: GroupInstance): void {
    const { context, log } = this.#runtime;
    instance.lifecycleState = 'InService';
    instance.inServiceAt = context.clock.now();
    log.finish(instance.activityId);
    instance.activityId = undefined;
    this.#failing.delete(group.name);
    if (!isSuspended(group, 'AddToLoadBalancer')) registerTargets(this.#runtime, group, instance.instanceId);
    context.changed();
  }
}

function launchTags(group: GroupRecord, template: { id: string; version: number }): Record<string, string> {
  const own = group.tags.filter((t) => t.propagateAtLaunch).map((t) => [t.key, t.value]);
  return {
    ...Object.fromEntries(own),
    'aws:autoscaling:groupName': group.name,
    'aws:ec2launchtemplate:id': template.id,
    'aws:ec2launchtemplate:version': String(template.version),
  };
}
