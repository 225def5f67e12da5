import type { GoldenImage } from '../aws/images.ts';
import type { Fleet } from '../config/settings.ts';
import type { ReleaseRecord } from '../ledger/types.ts';

/** What stands in a rebuilt record where no tag tells. */
const unknown = 'unknown';

/**
 * The record of a release as the tags of its golden image tell it. Who released it and which ref was named is lost, and so is the
 * reason why it is irreversible.
 * @param version One of a version that some of the images carry.
 */
export function rebuiltRecord(fleet: Fleet, images: readonly GoldenImage[], version: string): ReleaseRecord {
  const image = imageOf(fleet, images, version);
  const { knownGood } = image;
  return {
    app: fleet.app,
    environment: fleet.environment,
    version,
    commit: image.commit ?? unknown,
    ref: image.commit ?? unknown,
    ...(image.projectCommit !== undefined && { projectCommit: image.projectCommit }),
    createdAt: image.createdAt,
    createdBy: unknown,
    run: image.run ?? unknown,
    state: stateOf(image),
    image: { region: fleet.region, imageId: image.imageId, name: image.name },
    knownGood,
    ...(image.rolledBackAt !== undefined && { rolledBackAt: image.rolledBackAt }),
    ...(image.irreversible && { irreversible: 'its image says so' }),
  };
}

/** The one with the name that a release gives; a copy has the same tags and another name. */
function imageOf({ names }: Fleet, images: readonly GoldenImage[], version: string): GoldenImage {
  const all = images.filter((image) => image.version === version);
  const image = all.find((one) => one.name === `${names.imagePrefix}${version}`) ?? all[0];
  if (image) return image;
  throw new Error(`no image of ${version}`);
}

/** As a release leaves it: one that has not served its verify window is never called released. */
function stateOf({ knownGood, state }: GoldenImage): ReleaseRecord['state'] {
  if (knownGood) return 'released';
  return ['failed', 'error', 'invalid'].includes(state) ? 'failed' : 'building';
}

/** What a record says otherwise than the image of its version, for a person; empty where they agree. */
export function differences(record: ReleaseRecord, rebuilt: ReleaseRecord): string[] {
  const said = (one: ReleaseRecord) => ({
    commit: one.commit,
    run: one.run,
    image: one.image?.imageId ?? 'none',
    'known-good': String(one.knownGood),
    'rolled back at': one.rolledBackAt ?? 'never',
  });
  const tags = said(rebuilt);
  return Object.entries(said(record)).flatMap(([key, value]) => {
    const other = tags[key as keyof typeof tags];
    return value === other || other === unknown ? [] : `${key}: ${value} in the ledger, ${other} on the image`;
  });
}
