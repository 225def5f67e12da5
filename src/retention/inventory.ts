import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { AwsClients } from '../aws/clients.ts';
import { defineFleet } from '../aws/fleet-definition.ts';
import {
  groupTemplates,
  imageReferences,
  instancesByImage,
  refreshTemplates,
  sharedWith,
  templateImages,
} from '../aws/image-use.ts';
import { type GoldenImage, listImages } from '../aws/images.ts';
import { listSnapshots, type OwnSnapshot } from '../aws/snapshots.ts';
import type { Fleet } from '../config/settings.ts';
import type { Services } from '../fleet/services.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { hourMs } from '../shared/duration.ts';
import { type EvaluatedImage, evaluate, type PlaceFacts, type RetentionRules } from './evaluate.ts';

/** A region with the fleet's images. */
export interface Place extends PlaceFacts {
  aws: AwsClients;
  snapshots: OwnSnapshot[];
  /** Ids of images that the groups launch and that are gone. */
  missed: string[];
}

/** Images and what uses them, freshly read and evaluated. */
export interface Inventory {
  now: number;
  places: Place[];
  evaluated: EvaluatedImage[];
  releases: readonly ReleaseRecord[];
}

export interface InventoryOptions {
  now: number;
  /** The ledger's releases, where they have been read already; under the lock nobody else adds to them. */
  releases?: readonly ReleaseRecord[];
  /** Images that the run itself needs, whatever the cloud says. */
  needed?: readonly (string | undefined)[];
  /** Retires images that other accounts may launch, too. */
  force?: boolean;
  /** Only this image and its copies are looked at in depth (references, launch permissions); without it all that are to go. */
  only?: string;
}

/** The settings that say what is kept. */
export function rulesOf({ release }: Fleet): RetentionRules {
  return {
    keep: release.keep,
    minimumAgeMs: release.minimumAgeHours * hourMs,
    graceMs: release.retireGraceHours * hourMs,
  };
}

/**
 * Reads everything that decides what is kept, in every region that may hold copies. The number of calls does not grow with the
 * fleet; launch permissions take a call for each image that is to go.
 * @throws PipelineError `group.missing` without the fleet's group, `retention.region` for a region that cannot be read: what
 *   cannot be seen might be in use.
 */
export async function takeInventory(services: Services, options: InventoryOptions): Promise<Inventory> {
  const { fleet, ledger } = services;
  const [releases, home, ...others] = await Promise.all([
    options.releases ?? ledger.releases(fleet.app),
    readPlace(fleet, services.aws, fleet.region, options.needed ?? []),
    ...(services.elsewhere?.() ?? []).map(({ region, aws }) =>
      readPlace(fleet, aws, region, []).catch((error: unknown) => refuse(region, error)),
    ),
  ]);
  if (home.groups === 0) {
    throw new PipelineError('group.missing', `there is no Auto Scaling group ${fleet.names.group}`, {
      fix: 'check names.group, the region and the credentials; the group shows which images are in use',
    });
  }
  const places = [home, ...others];
  const serving = places.flatMap((place) => place.serving);
  const rules = rulesOf(fleet);
  const facts = { now: options.now, places, releases, serving };
  const first = evaluate(facts, rules);
  await addDeepUses(places, first, options);
  return { now: options.now, places, releases, evaluated: evaluate(facts, rules) };
}

function refuse(region: string, error: unknown): never {
  const message = messageOf(error);
  throw new PipelineError('retention.region', `${region} may hold copies in use, and cannot be read: ${message}`, {
    fix: 'allow the role to describe resources there, or name the regions with copies in release.copyRegions',
    cause: error,
  });
}

interface ReadPlace extends Place {
  uses: Map<string, string[]>;
  templates: string[];
  /** Versions that the groups name. */
  serving: string[];
  /** How many of the fleet's groups are there. */
  groups: number;
}

async function readPlace(
  fleet: Fleet,
  aws: AwsClients,
  region: string,
  needed: readonly (string | undefined)[],
): Promise<ReadPlace> {
  const [images, snapshots, groups] = await Promise.all([
    listImages(aws.ec2, fleet.app, fleet.environment),
    listSnapshots(aws.ec2, fleet.app, fleet.environment),
    groupTemplates(
      aws.autoScaling,
      defineFleet(fleet).groups.map((group) => group.name),
    ),
  ]);
  const [refreshes, instances] = await Promise.all([
    Promise.all(groups.map(({ name }) => refreshTemplates(aws.autoScaling, name))),
    instancesByImage(
      aws.ec2,
      images.map((image) => image.imageId),
    ),
  ]);
  const templates = [...groups.flatMap((group) => group.uses), ...refreshes.flat()];
  const launched = await templateImages(aws.ec2, templates);
  const uses = new Map<string, string[]>();
  const add = (imageId: string, by: string) => uses.set(imageId, [...(uses.get(imageId) ?? []), by]);
  for (const { imageId, by } of launched) add(imageId, by);
  for (const [imageId, ids] of instances) add(imageId, ids.length === 1 ? `${ids[0]}` : `${ids.length} instances`);
  for (const imageId of needed) if (imageId) add(imageId, 'this run');
  const named = new Set(launched.filter((one) => one.named).map((one) => one.imageId));
  return {
    region,
    aws,
    images,
    snapshots,
    uses,
    templates: [...new Set(templates.map((one) => one.templateId))],
    missed: [...named].filter((id) => !images.some((image) => image.imageId === id)),
    serving: images.flatMap((image) => (named.has(image.imageId) && image.version) || []),
    groups: groups.length,
  };
}

/** What is read only for images that are to go: other templates, parameters and recipes that name them, other accounts. */
async function addDeepUses(
  places: readonly ReadPlace[],
  evaluated: readonly EvaluatedImage[],
  options: InventoryOptions,
) {
  const version = evaluated.find((one) => one.image.imageId === options.only)?.image.version;
  const isMeant = ({ image }: EvaluatedImage) =>
    options.only === undefined ||
    image.imageId === options.only ||
    (version !== undefined && image.version === version);
  for (const place of places) {
    const going = evaluated
      .filter((one) => one.region === place.region && one.kept.length === 0 && isLaunchable(one.image))
      .filter(isMeant)
      .map((one) => one.image.imageId);
    const references = await imageReferences(place.aws.ec2, going, place.templates);
    for (const [imageId, arns] of references) place.uses.set(imageId, arns);
    if (options.force) continue;
    await Promise.all(
      going.map(async (imageId) => {
        const accounts = await sharedWith(place.aws.ec2, imageId);
        if (accounts.length === 0) return;
        place.uses.set(imageId, [...(place.uses.get(imageId) ?? []), `shared with ${accounts.join(', ')}`]);
      }),
    );
  }
}

const isLaunchable = (image: GoldenImage): boolean => image.state === 'available' || image.state === 'disabled';
