import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { findInterruptedRun } from '../../ledger/interrupted-runs.ts';
import type { Services } from '../services.ts';
import type { Difference } from './compare.ts';
import { type DescribedDifference, describeDifferences } from './describe.ts';
import { readConfiguration } from './read.ts';

/** What a run may change for a while. */
const isSize = ({ setting }: Pick<Difference, 'setting'>): boolean => setting.startsWith('capacity.');

/** Leaves out the size where a run that holds the lock, or one that has died before its undo, may have changed it. */
export async function withoutRunsOwn<T extends Pick<Difference, 'setting'>>(
  services: Pick<Services, 'fleet' | 'ledger' | 'changesVersion'>,
  differences: readonly T[],
): Promise<T[]> {
  const { fleet, ledger } = services;
  const sizes = differences.some(isSize);
  const busy =
    sizes && ((await ledger.lockOf(fleet.app)) ?? (await findInterruptedRun(services, fleet.app))) !== undefined;
  return differences.filter((one) => !(busy && isSize(one)));
}

/**
 * What a fleet has in the cloud that its pipelines file says otherwise; a size that a run may have changed is left out. Null where it cannot be read:
 * what serves is reported all the same.
 */
export async function readDrift(
  services: Pick<Services, 'aws' | 'fleet' | 'ledger' | 'changesVersion'>,
  clock: Clock,
): Promise<DescribedDifference[] | null> {
  try {
    const { differences } = await readConfiguration(services, clock.now());
    return describeDifferences(services.fleet, await withoutRunsOwn(services, differences));
  } catch (error) {
    if (error instanceof PipelineError) return null;
    throw error;
  }
}
