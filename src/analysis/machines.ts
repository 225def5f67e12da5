import type { TargetHealth } from '../aws/balancers.ts';
import type { Group } from '../aws/groups.ts';

/** A machine that is watched. */
interface Watched {
  /** Milliseconds since the epoch at which it was first seen. */
  since: number;
  /** It has been healthy for the balancer. */
  proven: boolean;
  state: string;
  reason?: string;
}

export interface SickMachine {
  id: string;
  state: string;
  reason?: string;
}

export interface MachineLimits {
  /** Only machines of this launch-template version; absent: all. */
  templateVersion?: string;
  /** Machines that are there at the first look have been healthy already, but for those that are being registered. */
  provenAtFirst: boolean;
  /** Milliseconds that a machine may take to become healthy. */
  healthMs: number;
  /** Part of the fleet that may be out of order, in percent: rounded down, so in a small one none. */
  sickPercent: number;
}

/**
 * Watches the machines of a version. A machine that has been healthy and is not any more is out of order; so is one that does not
 * get healthy in time, and one that ended while it was out of order, which is how Auto Scaling replaces it. Machines that boot,
 * drain or are scaled in are not: a fleet may grow and shrink while it is watched.
 */
export class MachineWatch {
  readonly #limits: MachineLimits;
  readonly #watched = new Map<string, Watched>();
  readonly #lost = new Map<string, Watched>();
  #first = true;

  constructor(limits: MachineLimits) {
    this.#limits = limits;
  }

  /** Takes in a reading; returns those that are out of order when they are too many, else none. */
  read(now: number, group: Group, targets: readonly TargetHealth[]): SickMachine[] {
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
        proven: this.#first && this.#limits.provenAtFirst && lifecycle === 'InService' && target?.state !== 'initial',
        state: 'new',
      };
      const state = lifecycle === 'InService' ? (target?.state ?? 'not registered') : lifecycle;
      this.#watched.set(id, {
        since: known.since,
        proven: known.proven || target?.state === 'healthy',
        state,
        reason: target?.reason,
      });
    }
    this.#first = false;
    const ids = new Set(present.map((instance) => instance.id));
    for (const [id, machine] of this.#watched) {
      if (ids.has(id)) continue;
      this.#watched.delete(id);
      if (!fine.has(machine.state)) this.#lost.set(id, machine);
    }
    return this.#tooMany(now, group.desired);
  }

  #tooMany(now: number, desired: number): SickMachine[] {
    const allowed = Math.floor((desired * this.#limits.sickPercent) / 100);
    const late = (machine: Watched) => !machine.proven && now - machine.since > this.#limits.healthMs;
    const sick = [...this.#watched].filter(
      ([, machine]) => (machine.proven && !fine.has(machine.state)) || (late(machine) && machine.state !== 'healthy'),
    );
    const broken = [...this.#lost].filter(([, machine]) => machine.proven);
    const neverUp = [...this.#lost].filter(([, machine]) => !machine.proven);
    // One machine may fail to boot for reasons of its own host; Auto Scaling has put another in its place.
    const counted = sick.length + broken.length + (neverUp.length > 1 ? neverUp.length : 0);
    if (counted <= allowed) return [];
    return [
      ...sick.map(([id, machine]) => shown(id, machine)),
      ...[...broken, ...neverUp].map(([id, machine]) => ({ ...shown(id, machine), state: `ended: ${machine.state}` })),
    ];
  }
}

/** States in which a machine that was healthy may be without anything being wrong with it. */
const fine = new Set(['healthy', 'draining', 'EnteringStandby', 'Standby', 'Detaching', 'Detached']);

const shown = (id: string, { state, reason }: Watched): SickMachine => ({
  id,
  state,
  ...(reason === undefined ? {} : { reason }),
});
