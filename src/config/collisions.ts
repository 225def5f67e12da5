import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from './settings.ts';

/** A name that two fleets, or one fleet twice, would use for different resources. */
export interface Collision {
  /** The fleets that collide: two, or one. */
  fleets: readonly Fleet[];
  /** The whole line: the name, its resources, and their files and environments. */
  text: string;
}

/** A name of a fleet and its name space: names in different spaces cannot collide. */
interface Taken {
  fleet: Fleet;
  /** Where the name must be unique: cloud and region with the kind of resource. */
  space: string;
  kind: string;
  name: string;
}

/**
 * Names that collide among the fleets of a project, in the same cloud and region: `api` in `x-y` and `api-x` in `y`
 * have the same group, and an environment `local-check` has the same name as the validation target group of `local`.
 * The names of the second group count for every fleet, as its strategy may become blue-green later.
 */
export function findCollisions(fleets: readonly Fleet[]): Collision[] {
  const found: Collision[] = [];
  const taken = fleets.flatMap(namesOf);
  const byName = new Map<string, Taken[]>();
  for (const one of taken) {
    const key = JSON.stringify([one.space, one.name]);
    byName.set(key, [...(byName.get(key) ?? []), one]);
  }
  const pairs = new Map<string, { name: string; members: [Taken, Taken]; kinds: Set<string> }>();
  for (const holders of byName.values()) {
    for (const [index, first] of holders.entries()) {
      for (const second of holders.slice(index + 1)) {
        const key = JSON.stringify([first.name, whereIs(first.fleet), whereIs(second.fleet)]);
        const pair = pairs.get(key) ?? { name: first.name, members: [first, second], kinds: new Set() };
        pair.kinds.add(first.kind === second.kind ? first.kind : `${first.kind} and ${second.kind}`);
        pairs.set(key, pair);
      }
    }
  }
  for (const { name, members, kinds } of pairs.values()) {
    const [first, second] = members.map((one) => one.fleet) as [Fleet, Fleet];
    const where = first === second ? `twice in ${whereIs(first)}` : `${whereIs(first)} and ${whereIs(second)}`;
    found.push({ fleets: [...new Set([first, second])], text: `${name} (${[...kinds].join(', ')}): ${where}` });
  }
  return [...found, ...baseImageCollisions(fleets), ...nestedLedgers(fleets)];
}

/** The fix for a collision. */
export const collisionFix = 'call an app or an environment otherwise, or set the keys of `names` in one of the files';

/**
 * The error for collisions.
 * @returns usage error `config.names-collide` with one line per collision in its details
 */
export function collisionError(collisions: readonly Collision[]): PipelineError {
  const count = collisions.length === 1 ? 'a name collides' : `${collisions.length} names collide`;
  return usageError(
    'config.names-collide',
    `${count}: two fleets would change the same resources`,
    collisionFix,
    collisions.map((one) => one.text),
  );
}

/** `pipelines/api.ts in environment local` */
const whereIs = ({ app, environment }: Fleet): string => `pipelines/${app}.ts in environment ${environment}`;

function namesOf(fleet: Fleet): Taken[] {
  const { names, cloud, balancer } = fleet;
  const of = (space: string, kind: string, name: string): Taken => ({
    fleet,
    space: spaceOf(fleet, space),
    kind,
    name,
  });
  return [
    of('group', 'Auto Scaling group', names.group),
    of('group', 'second Auto Scaling group', names.greenGroup),
    of('target group', 'target group', names.targetGroup),
    of('target group', 'second target group', names.greenTargetGroup),
    of('target group', 'target group of the validation instance', names.validationTargetGroup),
    of('launch template', 'launch template', names.launchTemplate),
    // Fleets may share a load balancer if each has its own listener.
    of(
      `listener ${balancer.listenerPort}`,
      `listener ${balancer.listenerPort} of the load balancer`,
      names.loadBalancer,
    ),
    of('image', 'image prefix', names.imagePrefix),
    ...(cloud === 'aws' ? [of('stack', 'CloudFormation stack', `${fleet.app}-${fleet.environment}`)] : []),
  ];
}

const spaceOf = ({ cloud, region }: Fleet, space: string): string => `${cloud} ${region} ${space}`;

/** A search for base images by name that would find golden images: a release would start from the newest one. */
function baseImageCollisions(fleets: readonly Fleet[]): Collision[] {
  return fleets.flatMap((fleet) => {
    const pattern = /^(?:self\/)?([^/]+)$/.exec(fleet.instance.baseImage)?.[1];
    if (pattern === undefined || pattern.startsWith('ami-')) return [];
    const matches = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`);
    return fleets
      .filter((other) => spaceOf(other, '') === spaceOf(fleet, '') && matches.test(`${other.names.imagePrefix}v1`))
      .map((other) => ({
        fleets: [...new Set([fleet, other])],
        text: `${other.names.imagePrefix} (image prefix of ${whereIs(other)}) fits ${fleet.instance.baseImage} (instance.baseImage of ${whereIs(fleet)})`,
      }));
  });
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** A ledger inside the folder of another: its records would be read as those of the other. */
function nestedLedgers(fleets: readonly Fleet[]): Collision[] {
  const ledgers = fleets.map((fleet) => ({ fleet, root: ledgerRoot(fleet) }));
  return ledgers.flatMap(({ fleet, root }) =>
    ledgers
      .filter((other) => other.root.startsWith(`${root}/`))
      .map((other) => ({
        fleets: [fleet, other.fleet],
        text: `${other.root} (ledger of ${whereIs(other.fleet)}) is inside ${root} (ledger of ${whereIs(fleet)})`,
      })),
  );
}

/** Where the records of a fleet's ledger are: it stores them by environment, then by app. */
export function ledgerRoot({ ledger, cloud, environment }: Fleet): string {
  if (ledger.type === 'files') return `${ledger.path}/${environment}`;
  return `${cloud === 'local' ? 'local ' : ''}s3://${ledger.bucket}/${ledger.prefix}/${environment}`;
}
