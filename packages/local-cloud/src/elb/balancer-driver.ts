import type { ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from '../model.ts';

/** All that the balancer needs to route, as of now. */
export interface Routing {
  loadBalancers: LoadBalancerRecord[];
  listeners: ListenerRecord[];
  rules: RuleRecord[];
  targetGroups: TargetGroupRecord[];
}

/** What the balancer sees of one target. */
export interface TargetReading {
  targetGroupArn: string;
  id: string;
  port: number;
  /** `up` once the healthy threshold is met, `down` once the unhealthy one is, `checking` before either. */
  health: 'up' | 'down' | 'checking';
  /** Requests in flight. */
  sessions: number;
  /** What the last bad check said; absent when there was none, or nothing is known of it. */
  failure?: CheckFailure;
}

/** Why a check was bad: the answer's code was not one of the matcher's, none came in time, or there was no (proper) answer. */
export type CheckFailure = { kind: 'code'; code: number } | { kind: 'timeout' } | { kind: 'connection' };

/** One request that the balancer has finished with. */
export interface ServedRequest {
  listenerArn: string;
  /** Where it was sent; both are absent when no target was chosen. */
  targetGroupArn?: string;
  targetId?: string;
  status: number;
  /** Whose answer it was: the target's, an error of the balancer, or what a fixed response or redirect says. */
  by: 'target' | 'balancer' | 'action';
  /** Seconds from sending the request until the target's answer began; there when it is the target's answer. */
  seconds?: number;
  /** Its target was unhealthy, and got it because too few were healthy. */
  failedOpen?: true;
}

/** The data path behind ELBv2: HAProxy, or a model for simulated fleets. */
export interface BalancerDriver {
  /** Makes listeners, rules, weights and target groups so; changes of weights alone are one atomic switch. Loses no request. */
  apply(routing: Routing): Promise<void>;
  /** Starts health checks of a target; it gets no request before its healthy threshold is met. */
  add(targetGroupArn: string, target: { id: string; address: string; port: number }): Promise<void>;
  /** No new requests; those in flight go on. */
  drain(targetGroupArn: string, target: { id: string; port: number }): Promise<void>;
  /** Takes a target out for good, cutting what is still in flight. Unknown targets are not an error. */
  remove(targetGroupArn: string, target: { id: string; port: number }): Promise<void>;
  /** One cheap reading of all targets, whatever their number. */
  read(): Promise<TargetReading[]>;
  /**
   * Calls `listener` with all requests since the last time, at each {@link read}; requests that are alike may be one object,
   * which is there as often. Absent where no requests are served.
   */
  watchRequests?(listener: (requests: ServedRequest[]) => void): void;
  /** Kills what serves, as a crash would; it comes back by itself. Absent where there is no process. */
  kill?(): Promise<void>;
  close(): Promise<void>;
}
