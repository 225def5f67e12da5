import type { GroupInstance, GroupRecord } from '../model.ts';
import type { Departures } from './departures.ts';
import { activeInstances, isSuspended } from './groups.ts';
import type { Launches } from './launches.ts';
import type { Runtime } from './runtime.ts';
import { chooseVictims } from './termination-policy.ts';

/** What a look at a group works with. */
export interface Look {
  readonly runtime: Runtime;
  readonly launches: Launches;
  readonly departures: Departures;
  readonly group: GroupRecord;
  readonly now: number;
  /** Serves, as far as health checks and the balancer tell. */
  isServing(instance: GroupInstance): boolean;
  /** Asks for another look at that time at the latest. */
  wakeAt(at: number): void;
}

/** Launches, unless the process is suspended or a failed launch makes the group wait. Returns what a refusal said. */
export function launchMore(
  look: Look,
  count: number,
  source: { id: string; version: string },
  cause?: string,
): string | undefined {
  if (count <= 0 || isSuspended(look.group, 'Launch')) return undefined;
  const retryAt = look.launches.retryAt(look.group.name);
  if (retryAt !== undefined && retryAt > look.now) {
    look.wakeAt(retryAt);
    return undefined;
  }
  const refusal = look.launches.launch(look.group, count, source, cause);
  if (refusal !== undefined) look.wakeAt(look.launches.retryAt(look.group.name) ?? look.now);
  return refusal;
}

/** Ends `count` of the candidates, by the group's policy. */
export function scaleIn(look: Look, candidates: GroupInstance[], count: number): void {
  if (count <= 0 || isSuspended(look.group, 'Terminate')) return;
  const { group, departures, runtime } = look;
  let capacity = activeInstances(group).length;
  for (const victim of chooseVictims(runtime.context.state, group, candidates, count, look.isServing)) {
    departures.terminate(
      group,
      victim,
      `instance ${victim.instanceId} was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${capacity} to ${capacity - 1}.`,
    );
    capacity--;
  }
}

/** Brings the number of instances to the desired capacity. */
export function keepCapacity(look: Look, source: { id: string; version: string }): void {
  const active = activeInstances(look.group);
  const missing = look.group.desiredCapacity - active.length;
  if (missing > 0) launchMore(look, missing, source);
  else scaleIn(look, active, -missing);
}
