/**
 * What a fault can be narrowed to and set to: plain data. What is left out of the first part fits everything; each kind takes some of
 * the fields only (see kinds.ts). All times are milliseconds of the cloud's clock.
 */
export interface FaultFields {
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

  /** How likely it strikes each time it could, above 0 and up to 1; 1 by default. */
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
