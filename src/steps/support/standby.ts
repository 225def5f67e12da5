import {
  enterStandby,
  exitStandby,
  readGroup,
  resumeProcesses,
  setCapacity,
  suspendProcesses,
} from '../../aws/groups.ts';
import { PipelineError } from '../../shared/errors.ts';
import { type ReleaseContext, times } from '../services.ts';
import { explainGroup } from './explain.ts';
import { waitTargetHealthy } from './health.ts';

/** Auto Scaling would move instances between zones to even out the one that is missing. */
const suspendedMeanwhile = ['AZRebalance'];

/**
 * Takes the bake host out of service and waits until its last request has ended. Repeatable.
 * What must be put back is saved before the first change, so that {@link bringBack} works from the journal alone.
 */
export async function takeOut(context: ReleaseContext): Promise<void> {
  const { aws } = context.services;
  const host = hostOf(context);
  const group = await readGroup(aws.autoScaling, context.state.group);
  const member = group.instances.find((instance) => instance.id === host.instanceId);
  if (!member) throw new PipelineError('host.gone', `bake host ${host.instanceId} has left the group ${group.name}`);
  if (!context.state.detached) {
    const suspended = suspendedMeanwhile.filter((process) => !group.suspended.includes(process));
    await context.save({ detached: { minimum: group.min, suspended } });
    if (suspended.length > 0) {
      await context.change({ action: 'suspend-processes', target: group.name, data: { suspended } }, () =>
        suspendProcesses(aws.autoScaling, group.name, suspended),
      );
    }
  }
  if (member.lifecycle === 'InService') {
    if (group.desired <= group.min) {
      // Standby lowers the desired capacity, which Auto Scaling refuses below the minimum.
      await context.change({ action: 'lower-minimum', target: group.name, data: { from: group.min } }, () =>
        setCapacity(aws.autoScaling, group.name, { min: group.desired - 1 }),
      );
    }
    await context.change({ action: 'enter-standby', target: host.instanceId }, () =>
      enterStandby(aws.autoScaling, group.name, host.instanceId),
    );
  }
  await waitLifecycle(context, 'Standby');
}

/** Brings the bake host back into service, waits for its health, and restores minimum and processes. Repeatable. */
export async function bringBack(context: ReleaseContext): Promise<void> {
  const { aws } = context.services;
  const host = hostOf(context);
  const group = await readGroup(aws.autoScaling, context.state.group);
  const member = group.instances.find((instance) => instance.id === host.instanceId);
  if (member && ['EnteringStandby', 'Standby'].includes(member.lifecycle)) {
    if (member.lifecycle === 'EnteringStandby') await waitLifecycle(context, 'Standby');
    await context.change({ action: 'exit-standby', target: host.instanceId }, () =>
      exitStandby(aws.autoScaling, group.name, host.instanceId),
    );
  }
  if (member) {
    await waitLifecycle(context, 'InService');
    await waitTargetHealthy(context, context.state.targetGroupArn, host.instanceId, group.name);
  }
  await restoreGroup(context);
}

/** Gives the group back what {@link takeOut} has taken: capacity that ended with the host, minimum, processes. Repeatable. */
export async function restoreGroup(context: ReleaseContext): Promise<void> {
  const { aws } = context.services;
  const { detached } = context.state;
  if (!detached) return;
  const group = await readGroup(aws.autoScaling, context.state.group);
  const { desired, minimum, suspended } = detached;
  if (desired !== undefined && group.desired < desired) {
    await context.change({ action: 'restore-capacity', target: group.name, data: { to: desired } }, () =>
      setCapacity(aws.autoScaling, group.name, { desired }),
    );
  }
  // Only what we lowered is raised again: a minimum that somebody else changed meanwhile stays.
  if (group.min === minimum - 1) {
    await context.change({ action: 'restore-minimum', target: group.name, data: { to: minimum } }, () =>
      setCapacity(aws.autoScaling, group.name, { min: minimum }),
    );
  }
  if (suspended.length > 0) {
    await context.change({ action: 'resume-processes', target: group.name, data: { resumed: suspended } }, () =>
      resumeProcesses(aws.autoScaling, group.name, suspended),
    );
  }
  await context.save({ detached: null });
}

/** Waits until the bake host has the lifecycle. @throws PipelineError `host.gone` when it is being terminated instead */
export async function waitLifecycle(context: ReleaseContext, wanted: string): Promise<void> {
  const { fleet, aws } = context.services;
  const { instanceId } = hostOf(context);
  await context.poll({
    what: `${instanceId} to be ${wanted}`,
    read: async () =>
      (await readGroup(aws.autoScaling, context.state.group)).instances.find((instance) => instance.id === instanceId),
    until: (member) => {
      if (!member || /^Terminat/.test(member.lifecycle)) {
        throw new PipelineError('host.gone', `${instanceId} was terminated while it should become ${wanted}`);
      }
      return member.lifecycle === wanted;
    },
    progress: (member) => context.progress(`${instanceId} is ${member?.lifecycle}`),
    explain: explainGroup(context, context.state.group, context.state.targetGroupArn),
    ...times(fleet, 'drain'),
  });
}

function hostOf(context: ReleaseContext): { instanceId: string; address: string } {
  if (context.state.host) return context.state.host;
  throw new Error('the run has no bake host');
}
