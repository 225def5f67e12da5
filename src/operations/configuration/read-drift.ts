import type { Clock } from '../../shared/clock.ts';
import { PipelineError } from '../../shared/errors.ts';
import type { Services } from '../../steps/services.ts';
import type { Difference } from './compare.ts';
import { type DescribedDifference, describeDifferences } from './describe.ts';
import { readConfiguration } from './read.ts';

/** What a run may change for a while. */
export const isSize = ({ setting }: Pick<Difference, 'setting'>): boolean => setting.startsWith('capacity.');

/**
 * What a fleet has in the cloud that its pipelines file says otherwise; a size that a run which holds the lock may have changed is left out. Null
 * where it cannot be read: what serves is told all the same.
 */
export async function readDrift(
  services: Pick<Services, 'aws' | 'fleet' | 'ledger'>,
  clock: Clock,
): Promise<DescribedDifference[] | null> {
  const { fleet, ledger } = services;
  try {
    const [{ differences }, lock] = await Promise.all([
      readConfiguration(services, clock.now()),
      ledger.lockOf(fleet.app),
    ]);
    return describeDifferences(
      fleet,
      differences.filter((one) => !(lock && isSize(one))),
    );
  } catch (error) {
    if (error instanceof PipelineError) return null;
    throw error;
  }
}
