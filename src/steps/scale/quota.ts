import { vcpusOf } from '../../aws/capacity.ts';
import { isStandard, runningVcpus } from '../../aws/vcpus.ts';
import { messageOf, usageError } from '../../shared/errors.ts';
import type { ScaleContext } from './state.ts';

/**
 * That the account may run so many more machines, besides all that run in it now.
 * @throws usage error `scale.quota`; a quota that cannot be read is told only
 */
export async function checkQuota(context: ScaleContext, more: number): Promise<void> {
  const { fleet, aws } = context.services;
  const { type } = fleet.instance;
  if (more <= 0) return;
  if (!isStandard(type)) {
    context.note(
      `${type} is not one of the standard types: whether the account's quota of its family is enough was not checked`,
    );
    return;
  }
  try {
    const [vcpus, quota] = await Promise.all([vcpusOf(aws.ec2, type), context.services.vcpuQuota()]);
    if (vcpus === undefined || quota === undefined) return;
    const running = await runningVcpus(aws.ec2);
    const wanted = more * vcpus;
    if (running + wanted <= quota) return;
    throw usageError(
      'scale.quota',
      `${more} more ${type} need ${wanted} vCPUs, ${running} are in use, and the account may run ${quota} in all`,
      'ask for more in Service Quotas (Running On-Demand Standard instances); it may take days',
    );
  } catch (error) {
    if (isRefusal(error)) throw error;
    context.note(`the quota of vCPUs could not be read: ${messageOf(error)}`);
  }
}

const isRefusal = (error: unknown): boolean => (error as { code?: unknown }).code === 'scale.quota';
