import type { CloudContext } from '../../context.ts';
import type { InstanceLifecycle } from './lifecycle.ts';
import { reasons } from './states.ts';

/**
 * Takes up the life of instances again after the cloud was stopped: those that were pending or running boot again with their
 * id, address and disk; an end that had begun is finished.
 * @returns when every one of them is up or has failed.
 */
export async function reviveInstances(context: CloudContext, lifecycle: InstanceLifecycle): Promise<void> {
  const ups: Promise<void>[] = [];
  for (const record of Object.values(context.state.instances)) {
    if (record.state === 'pending') ups.push(lifecycle.bringUp(record));
    else if (record.state === 'running') ups.push(lifecycle.restart(record));
    else if (record.state === 'shutting-down')
      void lifecycle.terminate(record, record.stateReason, record.stateTransitionReason);
    else if (record.state === 'stopping') {
      // The machine went down with the cloud: it is off already.
      lifecycle.states.set(record, 'stopped', reasons.userShutdown, record.stateTransitionReason);
    }
  }
  await Promise.all(ups);
}
