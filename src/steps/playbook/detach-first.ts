import { basename } from 'node:path';
import type { Host } from '../../hosts/types.ts';
import { PipelineError } from '../../shared/errors.ts';
import type { ReleaseState, Services } from '../services.ts';
import { releaseVariables } from '../support/release-variables.ts';
import { installsOn } from './installs.ts';
import { assertReleaseRole, judgePlaybook, type PlaybookKind } from './judge.ts';

/** How a fleet's playbook is declared. */
export function playbookKind(_fleet: Services['fleet']): PlaybookKind {
  return 'release';
}

/**
 * Looks at the playbook of a release and says why its host must be out of the load balancer before a play begins, a line each;
 * undefined when the plays may begin while it serves.
 * @param findHost The host that is to carry the bake, or one like it: asked what it has where roles install what is missing. Without
 * it, as for a builder, only the playbook is judged.
 * @throws usage error `ansible.no-release-role`, and as `Hosts.look`
 */
export async function reasonsToDetachFirst(
  services: Pick<Services, 'fleet' | 'hosts'>,
  state: Pick<ReleaseState, 'version' | 'commit' | 'current'>,
  findHost?: () => Promise<Host | undefined>,
): Promise<string[] | undefined> {
  const { fleet, hosts } = services;
  const { playbook } = fleet.ansible;
  const kind = playbookKind(fleet);
  const judgement = await judgePlaybook(await hosts.look(playbook, releaseVariables(fleet, state, 'stage')));
  assertReleaseRole(playbook, judgement, kind);
  if (kind === 'plain') {
    return [`${basename(playbook)} is declared as plain: all of it runs, and any of it may change the host`];
  }
  const { installers } = judgement;
  const installs = findHost && installers.length > 0 ? await installsOn(services, await findHost(), installers) : [];
  const reasons = [...judgement.reasons, ...installs];
  return reasons.length > 0 ? reasons : undefined;
}

/**
 * Refuses to play on a host that still serves what may change it: the playbook has been edited since the release was planned, or the
 * host has other programs than the one that was asked then.
 * @throws PipelineError `ansible.changes-host`
 */
export async function assertMayServe(services: Services, state: ReleaseState): Promise<void> {
  const reasons = await reasonsToDetachFirst(services, state, async () => state.host);
  if (!reasons) return;
  throw new PipelineError(
    'ansible.changes-host',
    `${basename(services.fleet.ansible.playbook)} may change ${state.host?.instanceId}, which serves; when this release was planned it did not`,
    { hint: 'release again: the new plan takes the host out of the load balancer first', details: reasons },
  );
}
