import { basename } from 'node:path';
import type { PlaybookLook } from '../../hosts/playbook-look.ts';
import { usageError } from '../../shared/errors.ts';
import type { ReleaseState, Services } from '../services.ts';
import { plainVariables } from '../support/plain-variables.ts';
import { releaseVariables } from '../support/release-variables.ts';
import { assertReleaseRole, judgePlaybook, type PlaybookKind } from './judge.ts';
import { differenceToOwn, ownRole } from './own-role.ts';

/** How a fleet's playbook is declared. */
export function playbookKind({ ansible }: Services['fleet']): PlaybookKind {
  return ansible.kind;
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
  const variables = kind === 'plain' ? plainVariables(fleet, state) : releaseVariables(fleet, state, 'stage');
  const look = await hosts.look(playbook, variables);
  if (kind === 'plain') await assertPlain(playbook, look);
  if (kind === 'plain')
    return [`${basename(playbook)} is declared as plain: all of it runs, and any of it may change the host`];
  const judgement = await judgePlaybook(look);
  assertReleaseRole(playbook, judgement, kind);
  return judgement.reasons.length > 0 ? judgement.reasons : undefined;
}

/**
 * Refuses a playbook of the release role that is declared as plain: the role would be asked for no action.
 * @throws usage error `ansible.not-plain`
 */
async function assertPlain(playbook: string, look: PlaybookLook): Promise<void> {
  const folders = new Set(
    look.plays.flatMap(({ tasks }) =>
      tasks.flatMap(({ role, folder }) => (ownRole(role) === 'release' && folder ? [folder] : [])),
    ),
  );
  for (const folder of folders) {
    // Another role may be called so.
    if ((await differenceToOwn('release', folder)) !== undefined) continue;
    throw usageError(
      'ansible.not-plain',
      `${basename(playbook)} applies the release role, and ansible.kind says that it is 'plain'`,
      "leave ansible.kind out: 'release' is the default, and lets hosts be switched in place",
    );
  }
}
