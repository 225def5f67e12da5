import { PipelineError } from '@golden-pipeline/shared/errors';
import { readActivities } from '../aws/activities.ts';
import { readGroup } from '../aws/groups.ts';
import { isEnding, readInstance } from '../aws/instances.ts';
import { whoCalled } from '../config/aws-command.ts';
import { need } from '../engine/need.ts';
import type { StandbyFacts } from '../fleet/facts.ts';
import type { ContextWith, FleetGroup } from '../fleet/services.ts';

type Context = ContextWith<Pick<FleetGroup, 'group'> & StandbyFacts & { bake: 'detach' | 'builder' }>;

/**
 * That the bake instance still stands by, right before its service is stopped, its identity is removed or it is rebooted: somebody else may
 * have returned it to service, which would lose requests, or have terminated or detached it. A builder never serves.
 * @throws PipelineError `host.in-service`, `host.gone`, with what Auto Scaling has recorded of it
 */
export async function assertOutOfService(context: Context): Promise<void> {
  const { aws, fleet } = context.services;
  if (context.state.bake !== 'detach') return;
  const { instanceId } = need(context.state, 'host');
  const { name, instances } = await readGroup(aws.autoScaling, context.state.group);
  const lifecycle = instances.find((one) => one.id === instanceId)?.lifecycle;
  const release = `release again: pipeline release ${fleet.app}`;
  if (lifecycle === undefined || /^(Terminat|Detach)/.test(lifecycle)) {
    const left = lifecycle === undefined ? `has left ${name}` : `is ${lifecycle} in ${name}`;
    const called = lifecycle?.startsWith('Terminat') ? 'TerminateInstanceInAutoScalingGroup' : 'DetachInstances';
    throw new PipelineError(
      'host.gone',
      `bake instance ${instanceId} ${left}: somebody else has ended or detached it`,
      {
        details: [...(await recorded(context, instanceId)), ...whoCalled(fleet, called)],
        fix: release,
      },
    );
  }
  if (lifecycle !== 'Standby') {
    throw new PipelineError(
      'host.in-service',
      `bake instance ${instanceId} is ${lifecycle} in ${name}: somebody else has returned it to service while it was baked`,
      {
        details: [...(await recorded(context, instanceId)), ...whoCalled(fleet, 'ExitStandby')],
        fix: `leave the instance in Standby until the release has ended, and ${release}`,
      },
    );
  }
  // Nothing checks an instance in Standby, so its group does not notice its end.
  const instance = await readInstance(aws.ec2, instanceId);
  if (instance && !isEnding(instance)) return;
  throw new PipelineError(
    'host.gone',
    `bake instance ${instanceId} is ${instance?.state ?? 'gone'}: somebody else has ended it`,
    {
      details: [...(instance?.stateReason ? [instance.stateReason] : []), ...whoCalled(fleet, 'TerminateInstances')],
      fix: release,
    },
  );
}

/** The last thing that Auto Scaling did to the instance, and for whom: `... in response to a user request`. */
async function recorded({ services: { aws }, state: { group } }: Context, instanceId: string): Promise<string[]> {
  // It only explains.
  const activities = await readActivities(aws.autoScaling, group).catch(() => []);
  const last = activities.find(({ description }) => description.includes(instanceId));
  return last ? [last.cause ?? last.description] : [];
}
