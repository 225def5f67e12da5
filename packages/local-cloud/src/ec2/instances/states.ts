import type { CloudContext } from '../../context.ts';
import type { InstanceRecord, InstanceStateName } from '../../model.ts';

/** Codes of the instance states on the wire (InstanceState.Code). */
export const stateCodes: Record<InstanceStateName, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export interface StateReason {
  code: string;
  message: string;
}

/** Reasons as EC2 words them. */
export const reasons = {
  userShutdown: {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  },
  instanceShutdown: {
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
  },
  internal: (why: string): StateReason => ({ code: 'Server.InternalError', message: `Server.InternalError: ${why}` }),
} satisfies Record<string, StateReason | ((why: string) => StateReason)>;

/** The only place where an instance changes its state: records why, marks the state as changed, tells the listeners. */
export class StateChanges {
  readonly #context: CloudContext;
  readonly #listeners: ((instanceId: string) => void)[] = [];

  constructor(context: CloudContext) {
    this.#context = context;
  }

  onChange(listener: (instanceId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Sets a state; without a reason the earlier reason goes. `detail` becomes the StateTransitionReason. */
  set(record: InstanceRecord, state: InstanceStateName, reason?: StateReason, detail?: string): void {
    record.state = state;
    record.stateReason = reason;
    record.stateTransitionReason = detail;
    this.#context.changed();
    for (const listener of this.#listeners) {
      try {
        listener(record.id);
      } catch (error) {
        this.#context.report(error);
      }
    }
  }

  /** `User initiated (2026-01-01 00:00:00 GMT)`, EC2's StateTransitionReason for a call. */
  byUser(): string {
    const at = new Date(this.#context.clock.now()).toISOString();
    return `User initiated (${at.slice(0, 10)} ${at.slice(11, 19)} GMT)`;
  }
}
