import { basename } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { observeFleet } from '../fleet/observe.ts';
import { reasonsToDetachFirst } from '../plays/playbook/detach-first.ts';
import { servingHost } from '../plays/playbook/serving-host.ts';
import { placeOf } from '../plays/project-files.ts';
import { type Check, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** What the app's playbook holds, as a release evaluates it. */
export function playbookChecks(services: DoctorServices): Check[] {
  return [{ id: 'ansible.playbook', run: () => playbook(services) }];
}

async function playbook(services: DoctorServices): Promise<Finding[]> {
  const name = basename(services.fleet.ansible.playbook);
  const { facts, healthy } = await observeFleet(services);
  // Stand for those of the next release.
  const next = { version: 'v0', commit: '0'.repeat(40), current: facts.current };
  try {
    const find = () => servingHost(services, facts, healthy);
    const { reasons } = await reasonsToDetachFirst(services, next, placeOf(services.fleet), find);
    return [
      reasons
        ? ok(
            'ansible.playbook',
            `${name} may change the host, so a release takes it out of the load balancer first: ${reasons.join('; ')}`,
          )
        : ok(
            'ansible.playbook',
            `${name} changes nothing beside the folder of a release: it is played while the host serves`,
          ),
    ];
  } catch (error) {
    if (!(error instanceof PipelineError) || error.outcome !== 'usage') throw error;
    return [
      warning(
        'ansible.playbook',
        `a release is refused: ${error.message}`,
        error.fix ?? 'see golden-pipeline/docs/release.md',
      ),
    ];
  }
}
