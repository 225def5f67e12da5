import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { missingFiles } from '../config/missing-files.ts';
import type { Fleet } from '../config/settings.ts';
import { createHosts } from '../hosts/index.ts';
import { reasonsToDetachFirst } from '../plays/playbook/detach-first.ts';
import { placeOf } from '../plays/project-files.ts';
import type { Surroundings } from './surroundings.ts';

/** Stands for the next release: what a playbook holds does not depend on it. */
const next = { version: 'v0', commit: '0'.repeat(40), current: { templateId: '', templateVersion: '' } };

/**
 * Why a release of the fleets would refuse their playbooks: a role that is not there, a mistake in YAML, no release role. Each playbook is
 * read by Ansible once, and no host is queried. Left out are playbooks that are not there (`missingFiles` says so), those whose requirements
 * would have to be installed first, and all of them on a computer without Ansible.
 * @returns a sentence for each, with the fix
 */
export async function refusedPlaybooks(
  context: Pick<Surroundings, 'clock'>,
  fleets: readonly Fleet[],
): Promise<string[]> {
  const readable = fleets.filter(
    (fleet) => fleet.ansible.requirements === undefined && missingFiles(fleet).length === 0,
  );
  const each = new Map(readable.map((fleet) => [`${fleet.ansible.kind} ${fleet.ansible.playbook}`, fleet]));
  const found = await Promise.all([...each.values()].map((fleet) => refusal(context, fleet)));
  return found.filter((text) => text !== undefined);
}

async function refusal({ clock }: Pick<Surroundings, 'clock'>, fleet: Fleet): Promise<string | undefined> {
  const { ssh, ansible, region, projectDir } = fleet;
  const runDir = await mkdtemp(path.join(tmpdir(), 'gp-'));
  const consoleOutput = () => Promise.reject(new Error('no instance is queried here'));
  const hosts = createHosts({ ssh, ansible, region, projectDir, runDir, consoleOutput, clock });
  try {
    await reasonsToDetachFirst({ fleet, hosts }, next, placeOf(fleet));
    return undefined;
  } catch (error) {
    if (!(error instanceof PipelineError) || error.outcome !== 'usage') throw error;
    return error.code === 'ansible.missing' ? undefined : `${error.message}${error.fix ? `; ${error.fix}` : ''}`;
  } finally {
    await hosts.close();
    await rm(runDir, { recursive: true, force: true });
  }
}
