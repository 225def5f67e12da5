import type { TargetHealth } from '../aws/balancers.ts';
import type { Group } from '../aws/groups.ts';

/** An instance that is watched. */
interface Watched {
  /** Milliseconds since the epoch at which it was first seen. */
  since: number;
  /** It has been healthy for the balancer. */
  wasHealthy: boolean;
  state: string;
  reason?: string;
}

export interface UnhealthyInstance {
  id: string;
  state: string;
  reason?: string;
}

export interface InstanceLimits {
  /** Only instances of this launch-template version; absent: all. */
  templateVersion?: string;
  /** Instances that are there at the first look have been healthy already, but for those that are being registered. */
  healthyAtFirst: boolean;
  /** Milliseconds that an instance may take to become healthy. */
  healthMs: number;
  /** Part of the fleet that may be unhealthy, in percent: rounded down, so in a small one none. */
  unhealthyPercent: number;
}

/**
 * Watches the instances of a version. An instance that has been healthy and is not any more is unhealthy; so is one that does not
 * get healthy in time, and one that ended while it was unhealthy, which is how Auto Scaling replaces it. Instances that boot,
 * drain or are scaled in are not: a fleet may grow and shrink while it is watched.
 */
export class InstanceWatch {
  readonly #limits: InstanceLimits;
  readonly #watched = new Map<string, Watched>();
  readonly #lost = new Map<string, Watched>();
  #first = true;

  constructor(limits: InstanceLimits) {
    this.#limits = limits;
  }

  /** Takes in a reading; returns those that are unhealthy when they are too many, else none. */
  read(now: number, group: Group, targets: readonly TargetHealth[]): UnhealthyInstance[] {
    const health = new Map(targets.map((target) => [target.id, target]));
    const present = group.instances.filter(
      ({ lifecycle, templateVersion }) =>
        !lifecycle.startsWith('Terminat') &&
        (this.#limits.templateVersion === undefined || templateVersion === this.#limits.templateVersion),
    );
    for (const { id, lifecycle } of present) {
      const target = health.get(id);
      const known = this.#watched.get(id) ?? {
        since: now,
        // One that has just been registered cannot have been healthy: Auto Scaling has launched it in these moments.
        wasHealthy:
          this.#first && this.#limits.healthyAtFirst && lifecycle === 'InService' && target?.state !== 'initial',
        state: 'new',
      };
      const state = lifecycle === 'InService' ? (target?.state ?? 'not registered') : lifecycle;
      this.#watched.set(id, {
        since: known.since,
        wasHealthy: known.wasHealthy || target?.state === 'healthy',
        state,
        reason: target?.reason,
      });
    }
    this.#first = false;
    const ids = new Set(present.map((instance) => instance.id));
    for (const [id, instance] of this.#watched) {
      if (ids.has(id)) continue;
      this.#watched.delete(id);
      if (!fine.has(instance.state)) this.#lost.set(id, instance);
    }
    return this.#tooMany(now, group.desired);
  }

  #tooMany(now: number, desired: number): UnhealthyInstance[] {
    const allowed = Math.floor((desired * this.#limits.unhealthyPercent) / 100);
    const late = (instance: Watched) => !instance.wasHealthy && now - instance.since > this.#limits.healthMs;
    const unhealthy = [...this.#watched].filter(
      ([, instance]) =>
        (instance.wasHealthy && !fine.has(instance.state)) || (late(instance) && instance.state !== 'healthy'),
    );
    const broken = [...this.#lost].filter(([, instance]) => instance.wasHealthy);
    const neverUp = [...this.#lost].filter(([, instance]) => !instance.wasHealthy);
    // One instance may fail to boot for reasons of its own host; Auto Scaling has put another in its place.
    const counted = unhealthy.length + broken.length + (neverUp.length > 1 ? neverUp.length : 0);
    if (counted <= allowed) return [];
    return [
      ...unhealthy.map(([id, instance]) => shown(id, instance)),
      ...[...broken, ...neverUp].map(([id, instance]) => ({
        ...shown(id, instance),
        state: `ended: ${instance.state}`,
      })),
    ];
  }
}

/** States in which an instance that was healthy may be without anything being wrong with it. */
const fine = new Set(['healthy', 'draining', 'EnteringStandby', 'Standby', 'Detaching', 'Detached']);

const shown = (id: string, { state, reason }: Watched): UnhealthyInstance => ({
  id,
  state,
  ...(reason === undefined ? {} : { reason }),
});
