import { basename } from 'node:path';
import type { ReleaseState, Services } from '../services.ts';
import { releaseVariables } from '../support/release-variables.ts';
import { assertReleaseRole, judgePlaybook, type PlaybookKind } from './judge.ts';

/** How a fleet's playbook is declared. */
export function playbookKind(_fleet: Services['fleet']): PlaybookKind {
  return 'release';
}

/**
 * Looks at the playbook of a release and says why its host must be out of the load balancer before a play begins, a line each;
 * undefined when the plays may begin while it serves.
 * @throws usage error `ansible.no-release-role`, and as `Hosts.look`
 */
export async function reasonsToDetachFirst(
  { fleet, hosts }: Services,
  state: Pick<ReleaseState, 'version' | 'commit' | 'current'>,
): Promise<string[] | undefined> {
  const { playbook } = fleet.ansible;
  const kind = playbookKind(fleet);
  const judgement = await judgePlaybook(await hosts.look(playbook, releaseVariables(fleet, state, 'stage')));
  assertReleaseRole(playbook, judgement, kind);
  if (kind === 'plain')
    return [`${basename(playbook)} is declared as plain: all of it runs, and any of it may change the host`];
  return judgement.reasons.length > 0 ? judgement.reasons : undefined;
}
