import type { GroupInstance } from '../model.ts';
import { activeInstances, activeRefresh, isSuspended, type LaunchSource } from './groups.ts';
import type { Look } from './look.ts';
import { keepBalance } from './rebalance.ts';
import { chooseVictims } from './termination-policy.ts';
import { poolCount, poolSize } from './warm-pool/size.ts';
import { takeWarm } from './warm-pool/take.ts';

/** Takes from the warm pool first and launches the rest, unless the process is suspended or a failed launch makes the group wait. Returns what a refusal said. */
export function launchMore(look: Look, count: number, source: LaunchSource, cause?: string): string | undefined {
  if (count <= 0 || isSuspended(look.group, 'Launch')) return undefined;
  const retryAt = look.launches.retryAt(look.group.name);
  if (retryAt !== undefined && retryAt > look.now) {
    look.wakeAt(retryAt);
    return undefined;
  }
  const missing = count - takeWarm(look, count, source);
  if (missing === 0) return undefined;
  const refusal = look.launches.launch(look.group, missing, source, { cause });
  if (refusal !== undefined) look.wakeAt(look.launches.retryAt(look.group.name) ?? look.now);
  return refusal;
}

/** Ends `count` of the candidates, by the group's policy; into the warm pool where that takes them back. */
export function scaleIn(look: Look, candidates: GroupInstance[], count: number): void {
  if (count <= 0 || isSuspended(look.group, 'Terminate')) return;
  const { group, departures, runtime } = look;
  const { state } = runtime.context;
  let capacity = activeInstances(group).length;
  let room =
    group.warmPool?.reuseOnScaleIn && !activeRefresh(state, group.name) ? poolSize(group) - poolCount(group) : 0;
  for (const victim of chooseVictims(state, group, candidates, count, look.isServing)) {
    const toWarmPool = room > 0 && look.isServing(victim);
    if (toWarmPool) room--;
    departures.terminate(
      group,
      victim,
      `instance ${victim.instanceId} was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${capacity} to ${capacity - 1}.`,
      { toWarmPool },
    );
    capacity--;
  }
}

/** Brings the number of instances to the desired capacity. */
export function keepCapacity(look: Look, source: LaunchSource): void {
  const { group } = look;
  const active = activeInstances(group);
  const missing = group.desiredCapacity - active.length;
  if (missing > 0) launchMore(look, missing, source);
  else group.capacityCause = undefined;
  if (keepBalance(look, active, source)) return;
  scaleIn(look, active, -missing);
}
