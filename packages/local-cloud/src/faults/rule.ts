/** Everything that the cloud can do wrong on request. */
export const faultKinds = [
  'throttle',
  'error',
  'cut-before',
  'cut-after',
  'latency',
  'eventual-consistency',
  'bake-fail',
  'bake-slow',
  'boot-dead',
  'never-healthy',
  'flapping',
  'late-drain',
  'insufficient-capacity',
  'zone-lost',
  'backend-kill',
  'alarm',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/**
 * A fault as it is asked for: plain data. What is left out of the first part fits everything; each kind knows some of the fields
 * only (see kinds.ts). All times are milliseconds of the cloud's clock.
 */
export interface FaultRequest {
  kind: FaultKind;

  /** Name of an operation, `*` standing for any characters: `CreateImage`, `Describe*`. */
  operation?: string;
  /** As in a signature's scope: `ec2`, `autoscaling`, `elasticloadbalancing`, `s3`, `sts`. */
  service?: string;
  region?: string;
  zone?: string;
  /** Instance id. */
  instance?: string;
  /** Id of the image that the machine was started from, or that a copy is made from. */
  image?: string;
  /** Name of the Auto Scaling group that the machine belongs to. */
  group?: string;
  /** Instance type. */
  type?: string;
  /** Name of a CloudWatch alarm. */
  alarm?: string;

  /** How likely it strikes each time it could, above 0 and up to 1; 1 unless told. */
  rate?: number;
  /** How often it strikes at most: calls, machines or images, as the kind has it. */
  count?: number;
  /** For how long it lasts. */
  forMs?: number;

  /** Error code, HTTP status and message of the answer. */
  code?: string;
  status?: number;
  message?: string;
  /** How much later, or for how long. */
  delayMs?: number;
  /** How long a flapping target is up, and then down. */
  periodMs?: number;
  /** Limits of every operation as AWS publishes them. */
  profile?: 'published';
  /** Own limit instead: tokens that a bucket holds, and that it gets each second. */
  capacity?: number;
  refill?: number;
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
