/** Tag keys of everything that the pipeline owns. Retention changes nothing without them. */
export const tagKeys = {
  app: 'golden-pipeline:app',
  environment: 'golden-pipeline:environment',
  version: 'golden-pipeline:version',
  commit: 'golden-pipeline:commit',
  /** Commit of the project that the plays are from. Together with `commit` it determines what is on a host. */
  projectCommit: 'golden-pipeline:project-commit',
  run: 'golden-pipeline:run',
  /** On a group: what the run that has tagged it does, and what the group was before. See `src/fleet/prior-state.ts`. */
  operation: 'golden-pipeline:operation',
  beforeSize: 'golden-pipeline:before-size',
  beforeSuspended: 'golden-pipeline:before-suspended',
  beforeStandby: 'golden-pipeline:before-standby',
  beforeWeight: 'golden-pipeline:before-weight',
  knownGood: 'golden-pipeline:known-good',
  /** `true` keeps an image whatever its age; the next three tags record who wanted that, when and why. */
  pinned: 'golden-pipeline:pinned',
  pinnedBy: 'golden-pipeline:pinned-by',
  pinnedAt: 'golden-pipeline:pinned-at',
  pinReason: 'golden-pipeline:pin-reason',
  /** `true`: the pin has enabled the deregistration protection, so that unpinning disables it. */
  pinProtects: 'golden-pipeline:pin-protects',
  /**
   * ISO time at which an image, and each of its snapshots, was retired: disabled, and deleted after the grace period.
   */
  retiredAt: 'golden-pipeline:retired-at',
  /** Versions, newest first and with a space between, whose environments the image holds and its hosts can switch to. */
  environments: 'golden-pipeline:environments',
  /** `true`: the release has changed data in a way that versions before it cannot work with. */
  irreversible: 'golden-pipeline:irreversible',
  /** ISO time at which the image's version was rolled back; removed when the version serves again. */
  rolledBackAt: 'golden-pipeline:rolled-back-at',
  /** Run that has switched the instance in place to another environment than the one its image starts with. */
  switched: 'golden-pipeline:switched',
  /**
   * `builder`, `validation`: instances that exist for one run only; `instances`: the security group of the
   * fleet's instances.
   */
  role: 'golden-pipeline:role',
  /** ISO time at which a maintenance page is removed; absent for one that stays until somebody removes it. */
  until: 'golden-pipeline:until',
  /** `true`: a base image; `base-source` is the image that it was built on. */
  base: 'golden-pipeline:base',
  baseSource: 'golden-pipeline:base-source',
} as const;

/** Value of `golden-pipeline:role` on the security group of a fleet's instances; that of the load balancer has none. */
export const instancesRole = 'instances';

export interface AwsTag {
  Key: string;
  Value: string;
}

/** A record as the SDK's list of tags; undefined values are left out. */
export function toTags(tags: Record<string, string | undefined>): AwsTag[] {
  return Object.entries(tags).flatMap(([Key, Value]) => (Value === undefined ? [] : [{ Key, Value }]));
}

/** The value of a tag in the SDK's list. */
export function tagValue(tags: { Key?: string; Value?: string }[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}
