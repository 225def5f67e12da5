import type { StandbyFacts } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts, StepWith } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';
import type { ServiceManager } from './service.ts';

/** Facts of a restart, as journaled. */
export interface RestartState extends FleetFacts, Pick<StandbyFacts, 'detached'> {
  /** The service is started beside itself and takes its socket over; otherwise instances leave the load balancer (Standby). */
  takeover: boolean;
  /** What restarts the service where it cannot take over. */
  manager?: ServiceManager;
  /** The only instance that is restarted; absent for all of the group that serves. */
  instance?: string;
  /** So many instances at a time, after the first one. */
  batch: number;
  /** Instances that are done. */
  finished?: string[];
  /** Instances that are out of service, or may be. */
  outside?: Host[];
  /** Those that did not become healthy once they were back. */
  unhealthy?: string[];
}

export type RestartContext = ContextWith<RestartState>;
export type RestartStep = StepWith<RestartState>;
