import type { Clock } from '@golden-pipeline/shared/clock';
import { instantOf } from '../shared/instant.ts';
import { accountChecks } from './account.ts';
import { configurationChecks } from './configuration.ts';
import { driftChecks } from './drift.ts';
import { type Finding, runAll } from './finding.ts';
import { fleetChecks } from './fleet.ts';
import { launchChecks } from './launch.ts';
import { playFileChecks } from './play-files.ts';
import { playbookChecks } from './playbook.ts';
import { reachChecks } from './reach.ts';
import { recordChecks } from './records.ts';
import { scaleChecks } from './scale.ts';
import { secretChecks } from './secrets.ts';
import type { DoctorServices } from './services.ts';
import { fileChecks, variableChecks } from './variables.ts';

/** Looks at everything that a release, a rollback or a scale-out of a fleet will need. It only reads. */
export async function diagnose(services: DoctorServices, clock: Clock): Promise<Finding[]> {
  const lock = await services.ledger.lockOf(services.fleet.app);
  const busy = lock !== undefined && instantOf(lock.expires) >= clock.now();
  return runAll([
    ...accountChecks(services),
    ...variableChecks(services),
    ...playFileChecks(services),
    ...fileChecks(services),
    ...playbookChecks(services),
    ...secretChecks(services),
    ...reachChecks(services),
    ...fleetChecks(services, busy, clock),
    ...driftChecks(services, busy),
    ...configurationChecks(services, clock),
    ...launchChecks(services, clock),
    ...scaleChecks(services, clock),
    ...recordChecks(services, lock, clock),
  ]);
}
