import { findUnfinishedRun } from '../../../src/ledger/interrupted-runs.ts';
import { readStatus } from '../../../src/status/read.ts';
import type { Simulated } from '../../support/simulated.ts';
import type { Resources } from './resources.ts';
import type { FleetSnapshot } from './snapshot.ts';

/**
 * What of the ledger contradicts the cloud while no run is active, one line each: the version that serves must be recorded as released,
 * known-good and not rolled back, with the image that is there; no release is in the making; no run waits to be continued; and `status`
 * must say what serves.
 */
export async function ledgerViolations(
  { services, fleet }: Simulated,
  { serving: { launches } }: Pick<FleetSnapshot, 'serving'>,
  { images }: Pick<Resources, 'images'>,
): Promise<string[]> {
  const { ledger } = services;
  const version = /v\d+$/.exec(launches)?.[0] ?? launches;
  const [releases, unfinished, status] = await Promise.all([
    ledger.releases(fleet.app),
    findUnfinishedRun(services, fleet.app),
    readStatus(services),
  ]);
  const found: string[] = [];
  if (status.version !== version) found.push(`status says ${status.version}, and ${launches} serves`);
  if (unfinished) found.push(`run ${unfinished.id} (${unfinished.command}) is unfinished: ${unfinished.outcome}`);
  const release = releases.find((one) => one.version === version);
  if (!release) return [...found, `the ledger has no release ${version}, which serves`];
  const { state, knownGood, rolledBackAt, image } = release;
  if (state !== 'released') found.push(`${version} serves, and is recorded as ${state}`);
  if (!knownGood) found.push(`${version} serves, and is not recorded as known-good`);
  if (rolledBackAt !== undefined) found.push(`${version} serves, and is recorded as rolled back`);
  if (image?.name !== launches) found.push(`${version} is recorded with image ${image?.name}, and ${launches} serves`);
  for (const one of releases) {
    if (one.state === 'building') found.push(`${one.version} is recorded as being built, and no run is active`);
    if (one.image && one.image.deletedAt === undefined && !(one.image.name in images) && one.state === 'released') {
      found.push(`${one.version} is recorded with image ${one.image.name}, which is gone`);
    }
  }
  return found;
}
