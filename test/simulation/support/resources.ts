import { tagKeys } from '../../../src/aws/tags.ts';
import type { Simulated } from '../../support/simulated.ts';
import type { Ending } from './invariants.ts';

/** What a fleet is made from, beside its size and traffic. */
export interface Resources {
  /** States of the app's images, by name. */
  images: Record<string, string>;
  /** Snapshots that no image needs. */
  orphans: string[];
  /** Names of images by version of the launch template. */
  templateVersions: Record<string, string>;
  /** Rules of the listener, and where they lead. */
  rules: string[];
  /** Images that a group launches or an instance of one runs. */
  inUse: string[];
  /** Instances whose tags are not those of their image. */
  mistagged: string[];
}

/** Reads the records of the simulated cloud itself. @throws Error for a cloud in another process */
export function readResources(world: Simulated): Resources {
  const state = world.cloud.state?.();
  if (!state) throw new Error('only a cloud in this process can be looked into');
  const { names } = world.fleet;
  const images = Object.values(state.images).filter((one) => one.state !== 'deregistered');
  const needed = new Set(images.map((one) => one.snapshotId));
  const template = Object.values(state.launchTemplates).find((one) => one.name === names.launchTemplate);
  const nameOf = (id: unknown) => state.images[String(id)]?.name ?? `no image (${id})`;
  const numbered = (template?.versions ?? []).map(
    ({ number, data }) => [String(number), nameOf(data.ImageId)] as const,
  );
  const templateVersions = Object.fromEntries(numbered);
  const groups = Object.values(state.groups).filter(({ name }) => [names.group, names.greenGroup].includes(name));
  const running = groups.flatMap((group) => group.instances.flatMap((one) => state.instances[one.instanceId] ?? []));
  return {
    images: Object.fromEntries(
      images.filter((one) => one.tags[tagKeys.app]).map((one) => [one.name, one.state] as const),
    ),
    orphans: Object.keys(state.snapshots).filter((id) => !needed.has(id)),
    templateVersions,
    rules: Object.values(state.rules)
      .map((one) => `${one.priority} ${JSON.stringify(one.conditions)} ${JSON.stringify(one.actions)}`)
      .sort(),
    inUse: [
      ...new Set([
        ...groups
          .filter((one) => one.desiredCapacity > 0)
          .map((one) => templateVersions[one.launchTemplate.version] ?? `no version ${one.launchTemplate.version}`),
        ...running.map((one) => nameOf(one.imageId)),
      ]),
    ],
    mistagged: running.flatMap(({ id, imageId, tags }) =>
      [tagKeys.app, tagKeys.version, tagKeys.commit].flatMap((key) => {
        const expected = state.images[imageId]?.tags[key];
        return tags[key] === expected ? [] : [`${id} has ${key} ${tags[key]}, its image ${expected}`];
      }),
    ),
  };
}

/**
 * What of them contradicts how a run ended, one line each. A run that was not done adds nothing; one that was done adds its own image and
 * template versions only. Whatever the outcome, nothing that is in use may be missing, and no snapshot is without its image.
 * @param request.released Versions that were released meanwhile: a rollback keeps the image of a release that it has ended too late to undo.
 * @param request.keepsSwitched A rollback was ended by `abort`, which leaves hosts that were switched in place as they are.
 */
export function resourceViolations(
  before: Resources,
  after: Resources,
  { outcome, version }: Ending,
  { released, keepsSwitched }: { released: readonly string[]; keepsSwitched: boolean },
): string[] {
  const own = outcome === 'done' ? [version, ...released] : [];
  const isOwn = (image: string) => own.some((one) => image.endsWith(`-${one}`));
  const added = (
    what: string,
    from: Record<string, string>,
    to: Record<string, string>,
    image: (key: string) => string,
  ) =>
    Object.keys(to)
      .filter((key) => !(key in from) && !isOwn(image(key)))
      .map((key) => `${what} ${key} (${to[key]}) was added`);
  return [
    ...added('image', before.images, after.images, (name) => name),
    ...added('template version', before.templateVersions, after.templateVersions, (number) =>
      String(after.templateVersions[number]),
    ),
    ...Object.keys(before.templateVersions)
      .filter((number) => !(number in after.templateVersions))
      .map((number) => `template version ${number} was deleted`),
    ...after.inUse
      .filter((name) => after.images[name] !== 'available')
      .map((name) => `image ${name} is in use and ${after.images[name] ?? 'gone'}`),
    ...after.orphans.map((id) => `snapshot ${id} has no image`),
    ...(keepsSwitched ? [] : after.mistagged.filter((line) => !before.mistagged.includes(line))),
    ...(JSON.stringify(before.rules) === JSON.stringify(after.rules)
      ? []
      : [`the rules are ${after.rules.join('; ')} instead of ${before.rules.join('; ')}`]),
  ];
}
