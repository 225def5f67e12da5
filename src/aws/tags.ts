/** Tag keys that mark everything the pipeline owns. Retention touches nothing without them. */
export const tagKeys = {
  app: 'golden-pipeline:app',
  environment: 'golden-pipeline:environment',
  version: 'golden-pipeline:version',
  commit: 'golden-pipeline:commit',
  /** Commit of the project that the plays are from, which decides with `commit` what is on a host. */
  projectCommit: 'golden-pipeline:project-commit',
  run: 'golden-pipeline:run',
  knownGood: 'golden-pipeline:known-good',
  /** `true` keeps an image whatever its age; the three after it say who wanted that, when and why. */
  pinned: 'golden-pipeline:pinned',
  pinnedBy: 'golden-pipeline:pinned-by',
  pinnedAt: 'golden-pipeline:pinned-at',
  pinReason: 'golden-pipeline:pin-reason',
  /** `true`: the pin has switched the protection against deregistration on, so that unpinning switches it off. */
  pinProtects: 'golden-pipeline:pin-protects',
  /** ISO time since when an image, and each of its snapshots, is retired: disabled, and deleted after the grace period. */
  retiredAt: 'golden-pipeline:retired-at',
  /** Versions, newest first and with a space between, whose environments the image holds and its hosts can switch to. */
  environments: 'golden-pipeline:environments',
  /** `true`: the release has changed data in a way that versions before it cannot work with. */
  irreversible: 'golden-pipeline:irreversible',
  /** ISO time at which a rollback went away from the image's version; taken off when the version serves again. */
  rolledBackAt: 'golden-pipeline:rolled-back-at',
  /** Run that has switched the instance to another environment than its image starts with. */
  flipped: 'golden-pipeline:flipped',
  /** `bake-host`, `builder`, `proof`: machines that are there for a run only; `instances`: the security group of the fleet's machines. */
  role: 'golden-pipeline:role',
  /** ISO time at which a maintenance page is to go off; absent for one that stays until somebody takes it off. */
  until: 'golden-pipeline:until',
  /** `true`: an image that fleets start from, which `base-source` is the image below of. */
  base: 'golden-pipeline:base',
  baseSource: 'golden-pipeline:base-source',
} as const;

/** Value of `golden-pipeline:role` on the security group that a fleet's machines are in; the balancer's has none. */
export const machinesRole = 'instances';

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
