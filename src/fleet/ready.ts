import { PipelineError } from '@golden-pipeline/shared/errors';
import { isActive, readRefresh } from '../aws/refreshes.ts';
import { whoCalled } from '../config/aws-command.ts';
import type { Observation } from './observe.ts';
import type { Services } from './services.ts';
import { blockingProcesses, resumeCommand, suspensionText } from './suspended.ts';

/** Refuses a fleet that somebody or something else is changing. */
export async function assertReady({ aws, fleet }: Services, { live: group, idle, share }: Observation): Promise<void> {
  for (const { name } of idle ? [group, idle] : [group]) {
    const refresh = await readRefresh(aws.autoScaling, name);
    if (!isActive(refresh)) continue;
    throw new PipelineError(
      'preflight.refresh-active',
      `an instance refresh of ${name} is ${refresh.status} (${refresh.percentage} %)`,
      {
        fix: 'wait until it has finished, or cancel it, then try again',
      },
    );
  }
  if (share < 1) {
    throw new PipelineError(
      'preflight.split',
      `only ${Math.round(share * 100)} % of the traffic goes to ${group.name}: a release was left halfway`,
      { fix: `give all traffic to one group first: pipeline status ${fleet.app} shows what each of them runs` },
    );
  }
  const standby = group.instances
    .filter((instance) => /Standby/.test(instance.lifecycle))
    .map((instance) => instance.id);
  if (standby.length > 0) {
    throw new PipelineError('preflight.standby', `${standby.join(', ')} of ${group.name} left in Standby`, {
      fix:
        group.desired + standby.length <= group.max
          ? 'bring it back with ExitStandby, or terminate it, then try again'
          : `terminate it, then try again: ${group.name} is at its maximum of ${group.max}, so Auto Scaling refuses ExitStandby`,
    });
  }
  const blocking = blockingProcesses.filter((process) => group.suspended.includes(process));
  if (blocking.length > 0) {
    throw new PipelineError('preflight.suspended', `processes of ${group.name} are suspended: ${blocking.join(', ')}`, {
      details: [...blocking.map((process) => suspensionText(group, process)), ...whoCalled(fleet, 'SuspendProcesses')],
      fix: `find out who suspended them and why, or resume them: ${resumeCommand(fleet, group.name, blocking)}`,
    });
  }
}
