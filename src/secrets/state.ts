import type { BakeFacts } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts, StepWith } from '../fleet/services.ts';

/** Facts of a refresh of secrets, as journaled. Instances go through Standby one by one where the service cannot take over from itself. */
export interface RefreshState extends FleetFacts, BakeFacts {
  /** The version that serves. */
  version: string;
  /** Instances restart their service in place: another process takes the socket over. Otherwise one at a time goes through Standby. */
  takeover: boolean;
  /** Names of the secrets, by the list of the release that serves. */
  names: string[];
  /** Instances that are done. */
  finished?: string[];
}

export type RefreshContext = ContextWith<RefreshState>;
export type RefreshStep = StepWith<RefreshState>;
