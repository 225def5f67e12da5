import type { Clock } from '@golden-pipeline/shared/clock';
import { describeDifferences } from '../fleet/configuration/describe.ts';
import { readConfiguration } from '../fleet/configuration/read.ts';
import { withoutRunsOwn } from '../fleet/configuration/read-drift.ts';
import { type Check, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Settings that the cloud has another value for than the pipelines file. The minimum is among what the size is about. */
export function configurationChecks(services: DoctorServices, clock: Clock): Check[] {
  const { fleet } = services;
  const run = async () => {
    const { differences } = await readConfiguration(services, clock.now());
    const shown = (await withoutRunsOwn(services, differences)).filter((one) => one.setting !== 'capacity.min');
    return describeDifferences(fleet, shown).map(({ message, fix }) => warning('fleet.configuration', message, fix));
  };
  return [{ id: 'fleet.configuration', run }];
}
