import { expect } from 'vitest';
import { readGroup } from '../../../src/aws/groups.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { planRestart, type RestartRequest } from '../../../src/restart/plan.ts';
import { Simulated, type SimulatedOptions } from '../../support/simulated.ts';

/** A fleet of four that serves v1, and what its hosts were told to restart. */
export interface RestartWorld {
  world: Simulated;
  /** Ids of hosts in the order in which their services were restarted. */
  restarted: string[];
  /** Called before a service is restarted. */
  before: { restart?: (instanceId: string) => unknown };
}

/** @param takeover Whether the service can take over from itself. */
export async function restartWorld(
  takeover: boolean,
  options: SimulatedOptions = {},
  edits: readonly [from: string, to: string][] = [],
): Promise<RestartWorld> {
  const world = await Simulated.create(edits, { ...options, switching: takeover });
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  const made: RestartWorld = { world, restarted: [], before: {} };
  const { hosts } = world.services;
  const run = hosts.run.bind(hosts);
  hosts.run = async (host, argv, more) => {
    if (argv.includes('force-restart') || argv.at(-1) === 'again') {
      await made.before.restart?.(host.instanceId);
      made.restarted.push(host.instanceId);
    }
    return run(host, argv, more);
  };
  return made;
}

export const planOf = ({ world }: RestartWorld, request: RestartRequest = {}) =>
  planRestart(world.services, world.clock, request);

/** The group as it matters: its size, and its instances with their lifecycle. */
export async function groupOf({ world: { aws, fleet } }: RestartWorld, name = fleet.names.group) {
  const { min, max, desired, suspended, instances } = await readGroup(aws.autoScaling, name);
  const members = Object.fromEntries(instances.map(({ id, lifecycle }) => [id, lifecycle]));
  return { min, max, desired, suspended, members };
}

export const standbyIn = (members: Record<string, string>): string[] =>
  Object.keys(members).filter((id) => members[id] === 'Standby');
