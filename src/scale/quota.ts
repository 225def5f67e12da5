import { messageOf, usageError } from '@golden-pipeline/shared/errors';
import { isStandard, runningVcpus, vcpusOf } from '../aws/vcpus.ts';
import type { ScaleContext } from './state.ts';

/**
 * That the account may run so many more instances, besides all that run in it now.
 * @throws usage error `scale.quota`; a quota that cannot be read is reported only
 */
export async function checkQuota(context: ScaleContext, more: number): Promise<void> {
  const { type } = context.services.fleet.instance;
  if (more <= 0) return;
  if (!isStandard(type)) {
    context.note(
      `${type} is not one of the standard types: whether the account's quota of its family is enough was not checked`,
    );
    return;
  }
  const read = await readVcpus(context).catch((error: unknown) => {
    context.note(`the quota of vCPUs could not be read: ${messageOf(error)}`);
    return undefined;
  });
  if (!read) return;
  const wanted = more * read.each;
  if (read.running + wanted <= read.quota) return;
  throw usageError(
    'scale.quota',
    `${more} more ${type} need ${wanted} vCPUs, ${read.running} are in use, and the account may run ${read.quota} in all`,
    'ask for more in Service Quotas (Running On-Demand Standard instances); it may take days',
  );
}

/** vCPUs of one instance, of all that run, and of all that may; undefined where there is nothing to keep to. */
async function readVcpus({
  services: { aws, fleet, vcpuQuota },
}: ScaleContext): Promise<{ each: number; running: number; quota: number } | undefined> {
  const [each, quota] = await Promise.all([vcpusOf(aws.ec2, fleet.instance.type), vcpuQuota()]);
  if (each === undefined || quota === undefined) return undefined;
  return { each, quota, running: await runningVcpus(aws.ec2) };
}
