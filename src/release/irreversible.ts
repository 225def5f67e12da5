import { usageError } from '@golden-pipeline/shared/errors';
import { irreversibleFile as marker, reasonIn } from '../changes/irreversible-file.ts';
import type { Services } from '../fleet/services.ts';
import { fetchCommand, hasCommit } from '../hosts/git/refs.ts';
import { readFileAt } from '../hosts/git/tree.ts';

/**
 * Why the commit cannot be undone, by the marker, compared with the commit that serves; undefined when it can.
 * @throws usage error `release.irreversible-unknown` when this clone lacks the commit that serves, so that nobody can tell
 */
export async function irreversibleMarker(
  { fleet, ledger }: Pick<Services, 'fleet' | 'ledger'>,
  commit: string,
  serving: string | undefined,
): Promise<string | undefined> {
  const { repository } = fleet.source;
  const at = (id: string) => readFileAt({ ...fleet.source, commit: id, file: marker });
  const file = await at(commit);
  if (!file) return undefined;
  const before = serving === undefined ? undefined : (await ledger.release(fleet.app, serving))?.commit;
  if (before !== undefined) {
    if (!(await hasCommit(repository, before))) {
      throw usageError(
        'release.irreversible-unknown',
        `${marker} cannot be compared with that of ${serving}, which serves: this clone lacks its commit ${before.slice(0, 12)}`,
        `get it (${await fetchCommand(repository, before)}), or say that it cannot be rolled back: --irreversible`,
      );
    }
    // By the blob, whatever its text: what has not changed says nothing new.
    if ((await at(before))?.id === file.id) return undefined;
  }
  return reasonIn(file.text);
}
