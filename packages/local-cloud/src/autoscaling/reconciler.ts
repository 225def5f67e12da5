import type { Timer } from '@golden-pipeline/shared/clock';
import type { GroupInstance, GroupRecord } from '../model.ts';
import { keepCapacity } from './capacity.ts';
import { activeRefresh, isSuspended, launchSource } from './groups.ts';
import { checkMembers } from './health.ts';
import type { Launches } from './launches.ts';
import { replaceUnhealthy } from './maintenance.ts';
import type { ReconcileContext } from './reconcile-context.ts';
import { stepRefresh } from './refresh/machine.ts';
import { noteLosses } from './refresh/work.ts';
import type { Runtime } from './runtime.ts';
import { runSchedule } from './schedule/run.ts';
import type { Terminations } from './terminations.ts';
import { passesBalancer } from './traffic.ts';
import { keepPool } from './warm-pool/keep.ts';
import { checkPool } from './warm-pool/members.ts';

/** A pass comes at least that often where one is due at all: timers of the host cannot wait for months. */
const MAX_SLEEP_MS = 12 * 3_600_000;

/**
 * Reconciles groups when something about them has changed or falls due, and does what is missing. A pass is synchronous and
 * repeatable; what takes time (drains, terminations, boots) enqueues the group again.
 */
export class Reconciler {
  readonly #runtime: Runtime;
  readonly #launches: Launches;
  readonly #terminations: Terminations;
  readonly #due = new Set<string>();
  readonly #alarms = new Map<string, Timer>();
  #scheduled = false;
  #startedAt = 0;
  #running = false;
  #idle: (() => void)[] = [];

  constructor(runtime: Runtime, launches: Launches, terminations: Terminations) {
    this.#runtime = runtime;
    this.#launches = launches;
    this.#terminations = terminations;
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  start(): void {
    this.#running = true;
    this.#startedAt = this.#runtime.context.clock.now();
    for (const group of Object.values(this.#runtime.context.state.groups)) {
      this.#terminations.resume(group);
      this.enqueue(group.name);
    }
  }

  stop(): void {
    this.#running = false;
    this.#due.clear();
    for (const timer of this.#alarms.values()) timer.cancel();
    this.#alarms.clear();
  }

  enqueue(groupName: string): void {
    if (!this.#running) return;
    this.#due.add(groupName);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // One turn later, so that many events of one turn cost one pass.
    setImmediate(() => this.#runDue());
  }

  /** Resolves when no pass is due any more; what waits for the clock or for others is not waited for. */
  idle(): Promise<void> {
    if (!this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Reconciles at once, for calls whose answer must show the outcome. */
  reconcileNow(groupName: string): void {
    if (!this.#running) return;
    this.#due.delete(groupName);
    this.#guarded(groupName);
  }

  #runDue(): void {
    this.#scheduled = false;
    const names = [...this.#due];
    this.#due.clear();
    for (const name of names) this.#guarded(name);
    if (this.#scheduled) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #guarded(groupName: string): void {
    try {
      this.#reconcile(groupName);
    } catch (error) {
      this.#runtime.context.report(error);
    }
  }

  #reconcile(groupName: string): void {
    const { state, clock } = this.#runtime.context;
    this.#alarms.get(groupName)?.cancel();
    this.#alarms.delete(groupName);
    const group = state.groups[groupName];
    if (!group) return;
    let next = Number.POSITIVE_INFINITY;
    const requeueAt = (at: number) => {
      next = Math.min(next, at);
    };
    runSchedule(this.#runtime, group, requeueAt);
    const losses = checkMembers(this.#runtime, this.#launches, this.#terminations, group, requeueAt);
    const pass = this.#contextOf(group, requeueAt);
    losses.push(...checkPool(pass));
    const refresh = activeRefresh(state, groupName);
    if (refresh) noteLosses(refresh, losses);
    const moves = refresh !== undefined && (!isSuspended(group, 'InstanceRefresh') || refresh.status === 'Cancelling');
    const owned = moves && stepRefresh(pass, refresh);
    // A step may have ended the refresh or turned it round: ask again what to launch from.
    const source = launchSource(group, activeRefresh(state, groupName));
    if (!owned && !replaceUnhealthy(pass, source)) keepCapacity(pass, source);
    keepPool(pass, source);
    if (group.deleting && group.instances.length === 0) this.#remove(group);
    if (next !== Number.POSITIVE_INFINITY) {
      this.#alarms.set(
        groupName,
        clock.after(Math.min(MAX_SLEEP_MS, Math.max(1, next - clock.now())), () => this.enqueue(groupName)),
      );
    }
  }

  #contextOf(group: GroupRecord, requeueAt: (at: number) => void): ReconcileContext {
    const known = new Map<GroupInstance, boolean>();
    const isServing = (instance: GroupInstance): boolean => {
      if (instance.lifecycleState !== 'InService' || instance.healthStatus !== 'Healthy') return false;
      let passes = known.get(instance);
      if (passes === undefined) {
        passes = passesBalancer(this.#runtime, group, instance);
        known.set(instance, passes);
      }
      return passes;
    };
    return {
      runtime: this.#runtime,
      launches: this.#launches,
      terminations: this.#terminations,
      group,
      now: this.#runtime.context.clock.now(),
      isServing,
      requeueAt,
    };
  }

  #remove(group: GroupRecord): void {
    const { state } = this.#runtime.context;
    delete state.groups[group.name];
    for (const refresh of Object.values(state.refreshes))
      if (refresh.groupName === group.name) delete state.refreshes[refresh.id];
    this.#runtime.context.changed();
  }
}
