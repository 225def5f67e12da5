import type { GroupInstance, GroupRecord } from '../model.ts';
import { stamp } from './activities.ts';
import { activeInstances, isSuspended } from './groups.ts';
import { placeLaunches } from './placement.ts';
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
   * Launches `count` instances, spread over the zones.
   * @returns the message of a launch that was refused, after which nothing more was tried
   */
  launch(
    group: GroupRecord,
    count: number,
    source: { id: string; version: string },
    cause?: string,
  ): string | undefined {
    const { context, instances, log } = this.#runtime;
    let capacity = activeInstances(group).length;
    const why = (from: number, to: number) =>
      `At ${stamp(context.clock.now())} an instance was started in response to ${
        cause ?? 'a difference between desired and actual capacity'
      }, increasing the capacity from ${from} to ${to}.`;
    try {
      const template = instances.resolveTemplate({ id: source.id }, source.version);
      for (const { place, count: n } of placeLaunches(context.region, group, count)) {
        const ids = instances.launch({
          launchTemplate: { id: template.id, version: template.version },
          count: n,
          ...place,
          tags: launchTags(group, template),
        });
        for (const instanceId of ids) {
          const activity = log.begin(
            group.name,
            `Launching a new EC2 instance: ${instanceId}`,
            why(capacity, ++capacity),
          );
          group.instances.push({
            instanceId,
            lifecycleState: 'Pending',
            healthStatus: 'Healthy',
            availabilityZone: place.availabilityZone,
            launchTemplate: { id: template.id, version: template.version },
            protectedFromScaleIn: group.newInstancesProtected,
            activityId: activity.id,
          });
        }
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const activity = log.begin(group.name, 'Launching a new EC2 instance', why(capacity, capacity + 1));
      log.fail(activity.id, `${message}. Launching EC2 instance failed.`);
      this.failed(group.name);
      context.changed();
      return message;
    }
    context.changed();
    return undefined;
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
