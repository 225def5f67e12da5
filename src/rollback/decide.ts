import { type GoldenImage, listImages, readImage } from '../aws/images.ts';
import type { Ec2Instance } from '../aws/instances.ts';
import { readRefresh } from '../aws/refreshes.ts';
import type { Drift } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { observeFleet } from '../fleet/observe.ts';
import { rebuiltRecord } from '../fleet/rebuilt-record.ts';
import { assertNoRefresh } from '../fleet/refresh.ts';
import { unrecorded } from '../fleet/seen-releases.ts';
import type { FleetFacts, Services } from '../fleet/services.ts';
import { leftBehind, rollbackTarget } from '../fleet/versions.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { compareVersions } from '../shared/version.ts';
import { availableIds, launchable } from './launchable-image.ts';
import { type ChosenMethod, chooseRollbackMethod, inPlaceFact, type MethodFact, switchFact } from './method.ts';
import type { RollbackMethod } from './state.ts';
import { switchFacts } from './switch-facts.ts';
import { chooseTarget } from './target.ts';

/** What a rollback would do now. */
export interface RollbackDecision {
  facts: FleetFacts;
  target: ReleaseRecord;
  imageId: string;
  /** What it goes away from, if anything serves: by the instances, as what the group launches may be pinned already. */
  served?: string;
  /** Versions that no later rollback goes to by itself. */
  rolledBackFrom: string[];
  /** Nearer known-good versions whose images cannot be launched, each with its reason. */
  skipped: string[];
  /** Their images. */
  rolledBackImages: string[];
  /** The image is disabled, and is enabled first. */
  disabled: boolean;
  /** How the fleet differs from the ledger: no reason not to go back. */
  drifts: Drift[];
  chosen: ChosenMethod;
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
    method?: 'auto' | RollbackMethod;
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
  const { instances } = drift;
  const images = drift.facts.images.filter((one) => instances.some((instance) => instance.imageId === one.imageId));
  // What is tagged with a version and runs an image of another tool does not serve that version.
  const foreign = new Set(drift.facts.images.filter((one) => one.version === undefined).map((one) => one.imageId));
  const serving = newestVersion([
    facts.current.version,
    ...instances.filter((one) => !foreign.has(one.imageId)).map((instance) => instance.version),
  ]);
  const releases = withImages(services, recorded, own, serving);
  const wanted = releases.find((release) => release.version === (options.version ?? serving))?.image?.imageId;
  const target = chooseTarget(releases, {
    app: fleet.app,
    version: options.version,
    force: options.force,
    serving,
    there: availableIds(own),
    unfinished: facts.current.imageId !== wanted || instances.some((instance) => instance.imageId !== wanted),
  });
  const [image, other] = await Promise.all([
    imageOf(services, target, own),
    facts.idle ? switchFacts(services, facts, target.image?.imageId) : undefined,
  ]);
  const there = await launchable(services, image, target, releases, { named: options.version !== undefined });
  const chosen = chooseRollbackMethod(
    {
      ...(other && { switch: switchFact(target.version, other) }),
      'in-place': inPlaceOf(fleet, target.version, serving, instances, images),
      rolling: { open: true, why: `${there.name} can be launched` },
    },
    options.method ?? 'auto',
  );
  // Every host of an in-place rollback that crashed may serve the target already; their images tell what served before it.
  const newest = newestVersion([serving, ...images.map((one) => one.version)]);
  const served = serving === target.version ? newest : serving;
  const rolledBackFrom = leftBehind(releases, target.version, newest);
  const rolledBackImages = releases
    .filter(({ version, image: left }) => rolledBackFrom.includes(version) && left && !left.deletedAt)
    .flatMap((release) => release.image?.imageId ?? []);
  const skipped = options.version === undefined ? skippedVersions(releases, own, target, serving) : [];
  return {
    ...{ facts, target, imageId: there.imageId, chosen, rolledBackFrom, rolledBackImages, skipped },
    ...(served && { served }),
    disabled: there.state === 'disabled',
    drifts: drift.drifts,
  };
}

/** The image of a version, among the fleet's own; read by its id when it does not have the fleet's tags. */
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
  if (!nearest || compareVersions(nearest.version, target.version) <= 0) return [];
  return releases
    .filter((release) => rollbackTarget([release], serving) && compareVersions(release.version, target.version) > 0)
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
  return [...releases, ...rebuilt].sort((a, b) => compareVersions(a.version, b.version));
}

function inPlaceOf(
  { app, ansible }: Services['fleet'],
  version: string,
  serving: string | undefined,
  instances: Ec2Instance[],
  images: GoldenImage[],
): MethodFact {
  if (version === serving) return { open: false, why: `the hosts serve ${version}; only their image is another` };
  // Hosts from before the playbook was declared plain may still hold environments.
  if (ansible.kind === 'plain' && images.every((image) => image.environments.length === 0)) {
    return { open: false, why: `the playbook of ${app} is plain, so its hosts hold no other environment to switch to` };
  }
  const byId = new Map(images.map((image) => [image.imageId, image.environments]));
  return inPlaceFact(
    version,
    instances.map((instance) => ({ id: instance.id, environments: byId.get(instance.imageId) })),
  );
}

function newestVersion(versions: readonly (string | undefined)[]): string | undefined {
  return versions
    .filter((version): version is string => version !== undefined && version !== '')
    .sort((a, b) => compareVersions(b, a))[0];
}
