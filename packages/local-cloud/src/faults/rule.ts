import type { FaultFields } from './fields.ts';
import type { FaultKind } from './kinds.ts';

/** A fault as it is requested: plain data, so that it can be sent to a cloud in another process. */
export interface FaultRequest extends FaultFields {
  kind: FaultKind;
}

/** A fault that has been switched on; it lives as long as the daemon at most. */
export interface FaultRule extends FaultRequest {
  /** `f-1`, `f-2` ... */
  readonly id: string;
  readonly since: number;
  /** When it ends by itself. */
  readonly until?: number;
  /** How often it has struck. */
  hits: number;
}

/** A rule as it is shown. */
export interface FaultView extends FaultRule {
  /** False once its count is used up, its time is over, or, for what happens once, it has happened. */
  active: boolean;
}

/** Faults of a cloud in this process. */
export interface FaultControl {
  /**
   * Switches a fault on. What it does at once (machines of a lost zone die, processes are killed) has begun when this returns.
   * @throws PipelineError (usage) for a request that is wrong or names what is not there
   */
  add(request: FaultRequest): FaultRule;
  /** All rules, oldest first, also those whose time is over. */
  list(): FaultView[];
  /** Switches one fault off, or all. What has happened to machines stays. @returns how many there were */
  clear(id?: string): number;
}
