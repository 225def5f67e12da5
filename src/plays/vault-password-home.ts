import path from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import type { Services } from '../fleet/services.ts';
import { readFileAt } from '../hosts/git/tree.ts';

/**
 * Refuses a commit that contains the vault password file: it would be on every host and in every image. A program that fetches the
 * password may be there.
 * @throws usage error `ansible.vault-password`
 */
export async function assertPasswordNotReleased({ source, ansible }: Services['fleet'], commit: string): Promise<void> {
  const { vaultPasswordFile } = ansible;
  if (vaultPasswordFile === undefined) return;
  const file = path.relative(path.join(source.repository, source.path), vaultPasswordFile);
  if (file.startsWith('..') || path.isAbsolute(file)) return;
  const found = await readFileAt({ ...source, commit, file });
  if (found === undefined || found.text.startsWith('#!')) return;
  throw usageError(
    'ansible.vault-password',
    `ansible.vaultPasswordFile ${vaultPasswordFile} is part of commit ${commit.slice(0, 12)}, so it would be on every host and in every image`,
    `git rm --cached ${file}, add it to .gitignore, and change the password: it is in the history`,
  );
}
