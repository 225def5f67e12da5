/** One answer to a probe, or none. */
export interface Sample {
  path: string;
  /** Milliseconds since the epoch. */
  at: number;
  ms: number;
  /** Which version answered, where it can be told. */
  version?: string;
  /** What was wrong with it, worded for a person; absent for a good answer. */
  fault?: string;
  /** The wrong answer itself; absent for a good one, or none. */
  answer?: { status: number; body: string };
}

/** What probes of one path saw before anything was changed. */
export interface PathBaseline {
  path: string;
  of: number;
  failed: number;
  /** Milliseconds that each good answer took, ascending. */
  times: number[];
}

/** Requests as the balancer itself has counted them, over whole periods of its metrics. */
export interface Counters {
  requests: number;
  /** Answers of the targets from 500 on. */
  targetErrors: number;
  /** Answers from 500 on of the balancer itself: no target, or none that answered. They are those of all its target groups. */
  balancerErrors: number;
  /** Requests of all target groups of the balancer; absent in journals from before they were read. */
  balancerRequests?: number;
  /** 95th percentile of the time that targets took, in milliseconds; absent without requests. */
  p95Ms?: number;
}

/** How often the service restarted by itself before a release, on a sample of the instances. */
export interface RestartBaseline {
  /** Instances of which it is known. */
  instances: number;
  /** Those whose service was started again by its init since they were booted, or since a play started it. */
  restarted: number;
  /** For how long all of them together have run without exiting, in seconds. */
  seconds: number;
}

/** The fleet before a release: what the new version is compared with. Journaled, so another computer can resume it. */
export interface Baseline {
  /** ISO time. */
  at: string;
  /** The version that served. */
  version?: string;
  paths: PathBaseline[];
  /** Of the minutes before; absent where the balancer's metrics cannot be read. */
  counters?: Counters;
  /** Absent where it is not known. */
  restarts?: RestartBaseline;
}

export type Check = 'targets' | 'smoke' | 'errors' | 'latency' | 'balancer' | 'alarm' | 'restarts';

/** Something that is wrong with the new version. */
export interface Fault {
  check: Check;
  /** The same for the same thing at two readings: a check and a path, say. */
  key: string;
  /** Worded for a person, with the numbers. */
  message: string;
  /** It was there in enough consecutive readings: the release has failed. */
  persistent: boolean;
}

/** Probes of one path in numbers. */
export interface PathNumbers {
  samples: number;
  failed: number;
  medianMs: number | null;
  p95Ms: number | null;
}

/** Why a release was rolled back, in numbers: `evidence` of the JSON document. */
export interface Evidence {
  phase: Phase;
  version: string;
  before: string | null;
  faults: { check: Check; message: string }[];
  /** Probes by path: before anything was changed, and since; `byVersion` where the answers tell which version gave them. */
  probes: {
    path: string;
    before: PathNumbers | null;
    now: PathNumbers;
    byVersion: Record<string, PathNumbers>;
    /** The last bad answers. */
    bad: { at: string; fault: string; version: string | null }[];
  }[];
  /** Instances that were unhealthy. */
  targets: { id: string; state: string; reason: string | null }[];
  /** The balancer's own counters. */
  balancer: { before: Counters | null; now: Counters | null } | null;
  /** Alarms that were in ALARM. */
  alarms: { name: string; reason: string }[];
  /** Instances whose service has restarted by itself in the window. */
  restarts: RestartedInstance[];
}

/** @see Evidence.restarts */
export interface RestartedInstance {
  id: string;
  /** At least: runit does not count. */
  times: number;
}

/** What a verify window could see: `window` of the JSON document. */
export interface WindowCoverage {
  /** How long it was. */
  seconds: number;
  /** Compared with the version before; null without one. */
  probes: { paths: string[]; answers: number } | null;
  /** Whole minutes that the load balancer has counted; null where its counters are not compared. */
  counters: { minutes: number; requests: number } | null;
  /** Names of the alarms that were read. */
  alarms: string[];
  /** Instances whose restarts were counted; null in a window that is too short. */
  restarts: { instances: number } | null;
  /** A reason each. */
  notSeen: string[];
}

/** Where a release is watched: old and new instances side by side, the new ones alone on their own route, or all new. */
export type Phase = 'roll' | 'canary' | 'verify';

/** What decides whether a run fails, and what was found. */
export interface WatchFacts {
  /** How the version before answered; without it nothing is compared. */
  baseline?: Baseline;
  /** Names of the alarms that can fail this run. */
  alarms?: string[];
  /** Why it was rolled back. */
  evidence?: Evidence;
  /**
   * Since when what the load balancer counts is about this version, in milliseconds since the epoch: it has most of the traffic, or a
   * target group of its own.
   */
  countedSince?: number;
  /** What its verify window could see, once that is over. */
  window?: WindowCoverage;
}
