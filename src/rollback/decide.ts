import { type GoldenImage, listImages, readImage } from '../aws/images.ts';
import type { Machine } from '../aws/instances.ts';
import { readRefresh } from '../aws/refreshes.ts';
import type { Drift } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { observeFleet } from '../fleet/observe.ts';
import { rebuiltRecord } from '../fleet/rebuilt-record.ts';
import { assertNoRefresh } from '../fleet/refresh.ts';
import { unrecorded } from '../fleet/seen-releases.ts';
import type { FleetFacts, RollbackHow, Services } from '../fleet/services.ts';
import { leftBehind, rollbackTarget, versionNumber } from '../fleet/versions.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { availableIds, launchable } from './launchable-image.ts';
import { chooseRollbackWay, flipFact, type RollbackWay, switchFact, type WayFact } from './method.ts';
import { switchFacts } from './switch-facts.ts';
import { chooseTarget } from './target.ts';

/** What a rollback would do now. */
export interface RollbackDecision {
  facts: FleetFacts;
  target: ReleaseRecord;
  imageId: string;
  /** What it goes away from, if anything serves: by the machines, as what the group launches may be pinned already. */
  served?: string;
  /** Versions that no later rollback goes to by itself. */
  leaves: string[];
  /** Nearer known-good versions whose images cannot be launched, each with its reason. */
  skipped: string[];
  /** Their images. */
  leftImages: string[];
  /** The image is disabled, and is enabled first. */
  disabled: boolean;
  /** How the fleet differs from the ledger: no reason not to go back. */
  drifts: Drift[];
  way: RollbackWay;
}

/**
 * Decides where to and how, from the fleet as it is: a handful of calls whatever its size.
 * @throws PipelineError with the reason and the alternatives
 */
export async function decideRollback(
  services: Services,
  options: {
    version?: string;
    force: boolean;
    how?: 'auto' | RollbackHow;
    supersede?: boolean;
  },
): Promise<RollbackDecision> {
  const { fleet, ledger, aws } = services;
  const seen = await observeFleet(services);
  const { facts } = seen;
  const [drift, recorded, own, refresh] = await Promise.all([
    readDrift(services, { seen, rollback: true }),
    ledger.releases(fleet.app),
    listImages(aws.ec2, fleet.app, fleet.environment),
    readRefresh(aws.autoScaling, facts.group),
  ]);
  assertNoRefresh(refresh, facts.group, options.supersede === true);
  const { machines } = drift;
  const images = drift.facts.images.filter((one) => machines.some((machine) => machine.imageId === one.imageId));
  // What is tagged with a version and runs an image of another tool does not serve that version.
  const foreign = new Set(drift.facts.images.filter((one) => one.version === undefined).map((one) => one.imageId));
  const serving = newestVersion([
    facts.current.version,
    ...machines.filter((one) => !foreign.has(one.imageId)).map((machine) => machine.version),
  ]);
  const releases = withImages(services, recorded, own, serving);
  const wanted = releases.find((release) => release.version === (options.version ?? serving))?.image?.imageId;
  const target = chooseTarget(releases, {
    app: fleet.app,
    version: options.version,
    force: options.force,
    serving,
    there: availableIds(own),
    unfinished: facts.current.imageId !== wanted || machines.some((machine) => machine.imageId !== wanted),
  });
  const [image, other] = await Promise.all([
    imageOf(services, target, own),
    facts.idle ? switchFacts(services, facts, target.image?.imageId) : undefined,
  ]);
  const there = await launchable(services, image, target, releases, { named: options.version !== undefined });
  const way = chooseRollbackWay(
    {
      ...(other && { switch: switchFact(target.version, other) }),
      flip: flipOf(fleet, target.version, serving, machines, images),
      roll: { open: true, why: `${there.name} can be launched` },
    },
    options.how ?? 'auto',
  );
  // Every host of a flip that died may serve the target already; their images tell what served before it.
  const newest = newestVersion([serving, ...images.map((one) => one.version)]);
  const served = serving === target.version ? newest : serving;
  const leaves = leftBehind(releases, target.version, newest);
  const leftImages = releases
    .filter(({ version, image: left }) => leaves.includes(version) && left && !left.deletedAt)
    .flatMap((release) => release.image?.imageId ?? []);
  const skipped = options.version === undefined ? skippedVersions(releases, own, target, serving) : [];
  return {
    ...{ facts, target, imageId: there.imageId, way, leaves, leftImages, skipped },
    ...(served && { served }),
    disabled: there.state === 'disabled',
    drifts: drift.drifts,
  };
}

/** The image of a version, among the fleet's own; asked for by its id when it does not carry the fleet's tags. */
async function imageOf(
  { aws }: Services,
  { image }: ReleaseRecord,
  own: readonly GoldenImage[],
): Promise<GoldenImage | undefined> {
  if (!image) return undefined;
  return own.find((one) => one.imageId === image.imageId) ?? readImage(aws.ec2, image.imageId);
}

/** Known-good versions nearer than the target that were not chosen as their image cannot be launched, and why. */
function skippedVersions(
  releases: readonly ReleaseRecord[],
  images: readonly GoldenImage[],
  target: ReleaseRecord,
  serving: string | undefined,
): string[] {
  const states = new Map(images.map((image) => [image.imageId, image.state]));
  const nearest = rollbackTarget(releases, serving);
  if (!nearest || versionNumber(nearest.version) <= versionNumber(target.version)) return [];
  return releases
    .filter(
      (release) => rollbackTarget([release], serving) && versionNumber(release.version) > versionNumber(target.version),
    )
    .map(({ version, image }) => `${version}: its image is ${states.get(image?.imageId ?? '') ?? 'gone'}`);
}

/**
 * The ledger's releases, and where it does not know what serves, those that the golden images tell of: a rollback must go on with
 * whatever ledger there is.
 */
function withImages(
  { fleet }: Services,
  releases: ReleaseRecord[],
  images: GoldenImage[],
  serving: string | undefined,
): ReleaseRecord[] {
  if (serving === undefined || releases.some((release) => release.version === serving)) return releases;
  const rebuilt = unrecorded(images, releases).map((version) => rebuiltRecord(fleet, images, version));
  return [...releases, ...rebuilt].sort((a, b) => versionNumber(a.version) - versionNumber(b.version));
}

function flipOf(
  { app, ansible }: Services['fleet'],
  version: string,
  serving: string | undefined,
  machines: Machine[],
  images: GoldenImage[],
): WayFact {
  if (version === serving) return { open: false, why: `the hosts serve ${version}; only their image is another` };
  // Hosts from before the playbook was declared plain may still hold environments.
  if (ansible.kind === 'plain' && images.every((image) => image.environments.length === 0)) {
    return { open: false, why: `the playbook of ${app} is plain, so its hosts hold no other environment to switch to` };
  }
  const byId = new Map(images.map((image) => [image.imageId, image.environments]));
  return flipFact(
    version,
    machines.map((machine) => ({ id: machine.id, environments: byId.get(machine.imageId) })),
  );
}

function newestVersion(versions: readonly (string | undefined)[]): string | undefined {
  return versions
    .filter((version) => version !== undefined && version !== '')
    .sort((a, b) => versionNumber(b as string) - versionNumber(a as string))[0];
}
