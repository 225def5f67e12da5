import type { OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { findUnfinishedRun } from '../ledger/interrupted-runs.ts';
import type { RunnerContext } from './ports.ts';

/**
 * Whether somebody holds the lock of the app, or a run is unfinished that the operation does not leave alone: then what is seen of the fleet is
 * not what it will be. It only reads, and waits for nobody.
 */
export async function isBusy(
  { operations }: Pick<RunnerContext, 'operations'>,
  services: Services,
  operation: OperationTraits,
): Promise<boolean> {
  const { ledger, fleet } = services;
  if (await ledger.lockOf(fleet.app)) return true;
  const concerns = (name: string) => {
    const known = operations.find((one) => one.name === name);
    return known !== undefined && operation.beforeStart !== undefined && operation.beforeStart(known) !== 'ignore';
  };
  return (await findUnfinishedRun(services, fleet.app, concerns)) !== undefined;
}
