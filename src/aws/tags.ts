/** Tag keys that mark everything the pipeline owns. Retention touches nothing without them. */
export const tagKeys = {
  app: 'golden-pipeline:app',
  environment: 'golden-pipeline:environment',
  version: 'golden-pipeline:version',
  commit: 'golden-pipeline:commit',
  run: 'golden-pipeline:run',
  knownGood: 'golden-pipeline:known-good',
  /** `bake-host`, `builder`, `proof`: machines that are there for a run only. */
  role: 'golden-pipeline:role',
} as const;

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
