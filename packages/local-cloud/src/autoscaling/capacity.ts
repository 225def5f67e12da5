import type { GroupInstance } from '../model.ts';
import { activeInstances, activeRefresh, isSuspended, type LaunchSource } from './groups.ts';
import { keepBalance } from './rebalance.ts';
import type { ReconcileContext } from './reconcile-context.ts';
import { chooseVictims } from './termination-policy.ts';
import { poolCount, poolSize } from './warm-pool/size.ts';
import { takeWarm } from './warm-pool/take.ts';

/** Takes from the warm pool first and launches the rest, unless the process is suspended or a failed launch makes the group wait. Returns what a refusal said. */
export function launchMore(
  pass: ReconcileContext,
  count: number,
  source: LaunchSource,
  cause?: string,
): string | undefined {
  if (count <= 0 || isSuspended(pass.group, 'Launch')) return undefined;
  const retryAt = pass.launches.retryAt(pass.group.name);
  if (retryAt !== undefined && retryAt > pass.now) {
    pass.requeueAt(retryAt);
    return undefined;
  }
  const missing = count - takeWarm(pass, count, source);
  if (missing === 0) return undefined;
  const refusal = pass.launches.launch(pass.group, missing, source, { cause });
  if (refusal !== undefined) pass.requeueAt(pass.launches.retryAt(pass.group.name) ?? pass.now);
  return refusal;
}

/** Ends `count` of the candidates, by the group's policy; into the warm pool where that takes them back. */
export function scaleIn(pass: ReconcileContext, candidates: GroupInstance[], count: number): void {
  if (count <= 0 || isSuspended(pass.group, 'Terminate')) return;
  const { group, terminations, runtime } = pass;
  const { state } = runtime.context;
  let capacity = activeInstances(group).length;
  let room =
    group.warmPool?.reuseOnScaleIn && !activeRefresh(state, group.name) ? poolSize(group) - poolCount(group) : 0;
  for (const victim of chooseVictims(state, group, candidates, count, pass.isServing)) {
    const toWarmPool = room > 0 && pass.isServing(victim);
    if (toWarmPool) room--;
    terminations.terminate(
      group,
      victim,
      `instance ${victim.instanceId} was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${capacity} to ${capacity - 1}.`,
      { toWarmPool },
    );
    capacity--;
  }
}

/** Brings the number of instances to the desired capacity. */
export function keepCapacity(pass: ReconcileContext, source: LaunchSource): void {
  const { group } = pass;
  const active = activeInstances(group);
  const missing = group.desiredCapacity - active.length;
  if (missing > 0) launchMore(pass, missing, source);
  else group.capacityCause = undefined;
  if (keepBalance(pass, active, source)) return;
  scaleIn(pass, active, -missing);
}
