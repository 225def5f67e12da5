import type { Clock } from '@golden-pipeline/shared/clock';
import { accountLooks } from './account.ts';
import { configurationLooks } from './configuration.ts';
import { driftLooks } from './drift.ts';
import { type Finding, takeAll } from './finding.ts';
import { fleetLooks } from './fleet.ts';
import { launchLooks } from './launch.ts';
import { playFileLooks } from './play-files.ts';
import { playbookLooks } from './playbook.ts';
import { reachLooks } from './reach.ts';
import { recordLooks } from './records.ts';
import { scaleLooks } from './scale.ts';
import { secretLooks } from './secrets.ts';
import type { DoctorServices } from './services.ts';
import { fileLooks, variableLooks } from './variables.ts';

/** Looks at everything that a release, a rollback or a scale-out of a fleet will need. It only reads. */
export async function diagnose(services: DoctorServices, clock: Clock): Promise<Finding[]> {
  const lock = await services.ledger.lockOf(services.fleet.app);
  const busy = lock !== undefined && Date.parse(lock.expires) >= clock.now();
  return takeAll([
    ...accountLooks(services),
    ...variableLooks(services),
    ...playFileLooks(services),
    ...fileLooks(services),
    ...playbookLooks(services),
    ...secretLooks(services),
    ...reachLooks(services),
    ...fleetLooks(services, busy, clock),
    ...driftLooks(services, busy),
    ...configurationLooks(services, clock),
    ...launchLooks(services, clock),
    ...scaleLooks(services, clock),
    ...recordLooks(services, lock, clock),
  ]);
}
