import type { RunContext, Step } from '../engine/step.ts';
import type { ReleaseState, Services } from '../fleet/services.ts';

/** Facts of a refresh of secrets, as journaled. What it shares with a release is what takes hosts out of service and back. */
export interface RefreshState extends ReleaseState {
  /** Hosts restart their service in place: another process takes the socket over. Otherwise one host at a time goes through Standby. */
  takeover: boolean;
  /** Names of the secrets, by the list of the release that serves. */
  names: string[];
  /** Hosts that are done. */
  finished?: string[];
}

export type RefreshContext = RunContext<Services, RefreshState>;
export type RefreshStep = Step<Services, RefreshState>;
