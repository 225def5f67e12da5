import type { Timer } from '@golden-pipeline/shared/clock';
import { messageOf } from '@golden-pipeline/shared/errors';
import type { CloudContext } from '../../context.ts';
import type { InstanceRecord } from '../../model.ts';
import { releaseVolumes } from '../volumes/table.ts';
import { Machines } from './machines.ts';
import { Sequences } from './sequences.ts';
import { reasons, StateChanges, type StateReason } from './states.ts';

/**
 * The life of instances over time. Each change of intention (start, stop, terminate) aborts the one before it; the work on
 * one machine is strictly one after the other, so that a terminate during a boot waits for the boot to end.
 */
export class InstanceLifecycle {
  readonly machines: Machines;
  readonly states: StateChanges;
  readonly #context: CloudContext;
  readonly #work = new Sequences();
  readonly #intents = new Map<string, AbortController>();
  readonly #terminations = new Map<string, Promise<void>>();
  readonly #restarting = new Set<string>();
  readonly #forget = new Map<string, Timer>();
  #closed = false;

  constructor(context: CloudContext) {
    this.#context = context;
    this.machines = new Machines(context);
    this.states = new StateChanges(context);
    context.machines.onExit((id, reason) => this.#exited(id, reason));
  }

  /** Whether the machine is being restarted while its instance stays `running`. */
  isRestarting(id: string): boolean {
    return this.#restarting.has(id);
  }

  /** Brings a `pending` instance up: at least `instancePending`, then the boot, which takes at least `instanceBoot`. */
  bringUp(record: InstanceRecord): Promise<void> {
    const { clock, delays } = this.#context;
    const signal = this.#intend(record.id);
    return this.#work.run(record.id, async () => {
      try {
        await clock.sleep(delays.instancePending, signal);
        const began = await this.machines.boot(record, signal);
        await clock.sleep(began + delays.instanceBoot - clock.now(), signal);
      } catch (error) {
        if (!signal.aborted) this.#bootFailed(record, error);
        return;
      }
      if (signal.aborted) return;
      record.hasRun = true;
      this.states.set(record, 'running');
    });
  }

  /** `stopped` to `pending`, then as {@link bringUp}. */
  start(record: InstanceRecord): void {
    record.launchTime = this.#context.clock.now();
    this.states.set(record, 'pending');
    this.#background(this.bringUp(record));
  }

  /** `running` to `stopping` to `stopped`: as long as the machine takes, at least `instanceShutdown`. */
  stop(record: InstanceRecord): void {
    const { clock, delays } = this.#context;
    const signal = this.#intend(record.id);
    const began = clock.now();
    const detail = this.states.byUser();
    this.states.set(record, 'stopping', reasons.userShutdown, detail);
    const off = this.#work.run(record.id, async () => {
      try {
        await this.machines.shutdown(record.id);
      } catch (error) {
        this.#context.report(error);
        // It is still on: a later stop can try again.
        if (!signal.aborted) this.states.set(record, 'running', reasons.internal('the machine could not be stopped'));
        return;
      }
      await clock.sleep(began + delays.instanceShutdown - clock.now(), signal);
      if (!signal.aborted) this.states.set(record, 'stopped', reasons.userShutdown, detail);
    });
    this.#background(off, signal);
  }

  /** Restarts the machine of a running instance, which stays `running`. `between` runs while it is off. */
  restart(record: InstanceRecord, between: () => Promise<void> = async () => {}): Promise<void> {
    const signal = this.#intents.get(record.id)?.signal ?? this.#intend(record.id);
    return this.#work.run(record.id, async () => {
      if (record.state !== 'running') return between();
      this.#restarting.add(record.id);
      try {
        await this.machines.shutdown(record.id);
        await between();
        if (!signal.aborted) await this.machines.boot(record, signal);
      } catch (error) {
        if (!signal.aborted) this.#bootFailed(record, error);
      } finally {
        this.#restarting.delete(record.id);
      }
    });
  }

  /** Runs `task` when no other work on the machine is in progress, and lets none begin meanwhile. */
  exclusive(id: string, task: () => Promise<void>): Promise<void> {
    return this.#work.run(id, task);
  }

  /**
   * Begins the end of an instance; once begun, every call gives the same promise. Resolves when it is `terminated`, and never
   * rejects: it stays open when the cloud stops first.
   */
  terminate(
    record: InstanceRecord,
    reason: StateReason = reasons.userShutdown,
    detail = this.states.byUser(),
  ): Promise<void> {
    if (record.state === 'terminated') return Promise.resolve();
    const under = this.#terminations.get(record.id);
    if (under) return under;
    const { clock, delays } = this.#context;
    const signal = this.#intend(record.id);
    const began = clock.now();
    this.states.set(record, 'shutting-down', reason, detail);
    const end = this.#work.run(record.id, async () => {
      try {
        await this.machines.shutdown(record.id);
      } catch (error) {
        this.#context.report(error);
      }
      await this.machines.destroy(record);
      await clock.sleep(began + delays.instanceShutdown - clock.now(), signal);
      record.terminatedAt = clock.now();
      this.#context.releaseAddress(record.address);
      releaseVolumes(this.#context.state, record);
      this.states.set(record, 'terminated', reason, detail);
      this.#intents.delete(record.id);
      this.#terminations.delete(record.id);
      this.forgetLater(record);
    });
    this.#background(end, signal);
    const ended = end.catch(() => new Promise<void>(() => {}));
    this.#terminations.set(record.id, ended);
    return ended;
  }

  /** Drops a terminated instance's record once it has been visible for `terminatedVisible`. */
  forgetLater(record: InstanceRecord): void {
    const { clock, delays, state } = this.#context;
    const due = (record.terminatedAt ?? clock.now()) + delays.terminatedVisible;
    const timer = clock.after(due - clock.now(), () => {
      this.#forget.delete(record.id);
      delete state.instances[record.id];
      this.#context.changed();
    });
    this.#forget.set(record.id, timer);
  }

  /** No transition happens any more; machines are left to whoever owns the driver. */
  close(): void {
    this.#closed = true;
    for (const intent of this.#intents.values()) intent.abort(new Error('the cloud is stopping'));
    for (const timer of this.#forget.values()) timer.cancel();
  }

  #intend(id: string): AbortSignal {
    this.#intents.get(id)?.abort(new Error('superseded'));
    const intent = new AbortController();
    if (this.#closed) intent.abort(new Error('the cloud is stopping'));
    this.#intents.set(id, intent);
    return intent.signal;
  }

  /** A first boot that fails ends the instance, as EC2 does; one that has run before is stopped, its disk is kept. */
  #bootFailed(record: InstanceRecord, error: unknown): void {
    const reason = reasons.internal(messageOf(error));
    if (!record.hasRun) {
      this.#background(this.terminate(record, reason, reason.message));
      return;
    }
    this.#intend(record.id);
    this.states.set(record, 'stopped', reason, reason.message);
    this.#background(this.#work.run(record.id, () => this.machines.shutdown(record.id)));
  }

  #exited(id: string, why: string): void {
    const record = this.#context.state.instances[id];
    if (!record || this.#closed) return;
    this.machines.markOff(id);
    if (this.#restarting.has(id)) return; // the restart sees it itself: its boot rejects
    if (record.state === 'pending') {
      this.#intend(id);
      this.#bootFailed(record, new Error(`the machine exited while booting: ${why}`));
    } else if (record.state === 'running') {
      const detail = `Instance initiated shutdown: ${why}`;
      this.#intend(id);
      if (record.shutdownBehavior === 'terminate')
        this.#background(this.terminate(record, reasons.instanceShutdown, detail));
      else this.states.set(record, 'stopped', reasons.instanceShutdown, detail);
    }
  }

  /** Errors of work nobody waits for are defects, unless the work was called off. */
  #background(work: Promise<unknown>, signal?: AbortSignal): void {
    work.catch((error) => {
      if (!signal?.aborted) this.#context.report(error);
    });
  }
}
