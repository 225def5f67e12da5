import { stat } from 'node:fs/promises';
import { usageError } from '@golden-pipeline/shared/errors';

/** Permission bits of "others". */
const othersRead = 0o004;
const othersWrite = 0o002;
const execute = 0o111;

/**
 * What is wrong with a vault password file; undefined when it can be used. Ansible runs an executable file and uses its
 * output (ansible-playbook(1), --vault-password-file), so such a program may be readable. Its contents are never read
 * here.
 */
export async function vaultPasswordProblem(file: string): Promise<{ problem: string; fix: string } | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found) return { problem: 'does not exist', fix: 'write it, or correct ansible.vaultPasswordFile' };
  if (!found.isFile()) return { problem: 'is not a file', fix: 'name the file itself in ansible.vaultPasswordFile' };
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  if (found.mode & othersWrite)
    return { problem: `can be written by everybody (mode ${mode})`, fix: `chmod o-w ${file}` };
  if (found.mode & othersRead && !(found.mode & execute)) {
    return { problem: `can be read by everybody (mode ${mode})`, fix: `chmod 600 ${file}` };
  }
  return undefined;
}

/** @throws usage error `ansible.vault-password` */
export async function assertVaultPassword(file: string): Promise<void> {
  const wrong = await vaultPasswordProblem(file);
  if (wrong)
    throw usageError('ansible.vault-password', `ansible.vaultPasswordFile ${file} ${wrong.problem}`, wrong.fix);
}
