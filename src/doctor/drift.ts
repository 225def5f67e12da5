import type { DriftKind } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { findInterruptedRun } from '../ledger/interrupted-runs.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Whether what runs is what the ledger says; some hosts report over SSH which version they serve. */
export function driftChecks(services: DoctorServices, locked: boolean): Check[] {
  return [{ id: 'fleet.drift', run: () => drift(services, locked) }];
}

async function drift(services: DoctorServices, locked: boolean): Promise<Finding[]> {
  const busy = locked || (await findInterruptedRun(services, services.fleet.app)) !== undefined;
  const { drifts, facts } = await readDrift(services, { busy, ask: true });
  if (drifts.length > 0) {
    return drifts.map(({ kind, severity, message, fix }) =>
      (severity === 'error' ? error : warning)(idOf(kind), message, fix),
    );
  }
  if (busy)
    return [
      ok(
        'fleet.drift',
        'the image of the launch template is available; everything else is checked when no run is active',
      ),
    ];
  const asked = facts.instances.filter((one) => one.serves !== undefined).length;
  const hosts = asked === 0 ? 'no host was checked' : `checked on ${asked} ${asked === 1 ? 'host' : 'hosts'}`;
  return [ok('fleet.drift', `the running version is the one in the ledger (${hosts})`)];
}

/** `images.serving`: what the group launches cannot be launched. */
function idOf(kind: DriftKind): string {
  return kind === 'image-missing' || kind === 'image-disabled' ? 'images.serving' : 'fleet.drift';
}
