import type { Clock } from '@golden-pipeline/shared/clock';
import { instantOf } from '../shared/instant.ts';
import { accountChecks, permissionChecks } from './account.ts';
import { configurationChecks } from './configuration.ts';
import { driftChecks } from './drift.ts';
import { type Check, type Finding, runAll, skipped } from './finding.ts';
import { fleetChecks } from './fleet.ts';
import { checkFoundations, type Need, needText } from './foundations.ts';
import { launchChecks } from './launch.ts';
import { playFileChecks } from './play-files.ts';
import { playbookChecks } from './playbook.ts';
import { reachChecks } from './reach.ts';
import { openingChecks, releaseChecks, runChecks } from './records.ts';
import { scaleChecks } from './scale.ts';
import { secretChecks } from './secrets.ts';
import type { DoctorServices } from './services.ts';
import { fileChecks, variableChecks } from './variables.ts';

/** Checks that all need the same. */
interface Stage {
  /** The first one that is not there is named as the reason. */
  needs: readonly Need[];
  checks: readonly Check[];
}

/**
 * Looks at everything that a release, a rollback or a scale-out of a fleet will need. It only reads. Where account, ledger or fleet are
 * not there, that is one finding, and the checks that need them are skipped.
 */
export async function diagnose(services: DoctorServices, clock: Clock): Promise<Finding[]> {
  const [files, { findings, missing, lock }] = await Promise.all([diagnoseFiles(services), checkFoundations(services)]);
  const busy = lock !== undefined && instantOf(lock.expires) >= clock.now();
  const ledgerNeeds: Need[] = services.fleet.ledger.type === 'files' ? ['ledger'] : ['account', 'ledger'];
  const stages: Stage[] = [
    { needs: ['account', 'fleet'], checks: permissionChecks(services) },
    { needs: ['account'], checks: accountChecks(services) },
    { needs: ['account', 'fleet'], checks: [...playbookChecks(services), ...secretChecks(services)] },
    { needs: [], checks: reachChecks(services) },
    {
      needs: ['account', 'fleet', 'ledger'],
      checks: [
        ...fleetChecks(services, busy, clock),
        ...driftChecks(services, busy),
        ...configurationChecks(services, clock),
        ...launchChecks(services, clock),
        ...scaleChecks(services, clock),
      ],
    },
    { needs: ledgerNeeds, checks: runChecks(services, lock, clock) },
    { needs: ['account', 'fleet', 'ledger'], checks: releaseChecks(services, clock) },
    { needs: ['account'], checks: openingChecks(services, clock) },
  ];
  const possible = stages.filter(({ needs }) => !needs.some((need) => missing.includes(need)));
  const found = await runAll(possible.flatMap(({ checks }) => checks));
  return [...findings, ...files, ...found, ...skippedOf(stages, missing)];
}

/** What files on this computer say; no cloud is called. */
export function diagnoseFiles(services: Pick<DoctorServices, 'fleet'>): Promise<Finding[]> {
  return runAll([...variableChecks(services), ...playFileChecks(services), ...fileChecks(services)]);
}

/** What did not run, by the first thing that it needs and that is not there. */
function skippedOf(stages: readonly Stage[], missing: readonly Need[]): Finding[] {
  return missing.flatMap((need) => {
    const these = stages.filter(({ needs }) => needs.find((one) => missing.includes(one)) === need);
    const ids = these.flatMap(({ checks }) => checks.map(({ id }) => id));
    return ids.length > 0 ? [skipped(ids, `they need ${needText[need]}`)] : [];
  });
}
