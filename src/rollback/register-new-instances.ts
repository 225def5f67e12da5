import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup } from '../aws/groups.ts';
import { setSuspended } from '../fleet/group-settings.ts';
import type { ContextWith, FleetGroup } from '../fleet/services.ts';
import { resumeCommand } from '../fleet/suspended.ts';

const registration = 'AddToLoadBalancer';

/**
 * Resumes the registration of new instances before a rollback replaces those that serve: while it is suspended, a refresh goes on all the
 * same, and leaves a fleet without traffic. It stays resumed, also when the rollback is undone, for the same reason.
 * @throws PipelineError `group.suspended` when it cannot be resumed
 */
export async function registerNewInstances(context: ContextWith<Pick<FleetGroup, 'group'>>): Promise<void> {
  const { name, suspended } = await readGroup(context.services.aws.autoScaling, context.state.group);
  if (!suspended.includes(registration)) return;
  context.note(
    `${registration} of ${name} was suspended by somebody else, and is resumed: without it, new instances get no traffic`,
  );
  try {
    await setSuspended(
      context,
      name,
      suspended,
      suspended.filter((process) => process !== registration),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    throw new PipelineError(
      'group.suspended',
      `${registration} of ${name} is suspended and could not be resumed: ${messageOf(error)}`,
      { fix: `${resumeCommand(context.services.fleet, name, [registration])}; then roll back again`, cause: error },
    );
  }
}
