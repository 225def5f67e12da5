import { access } from 'node:fs/promises';
import { vaultPasswordProblem } from '../hosts/vault-password.ts';
import { type Check, error, type Finding, ok } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Files on this computer that plays need besides the playbook; nothing where none is configured. */
export function playFileChecks({ fleet: { ansible } }: Pick<DoctorServices, 'fleet'>): Check[] {
  const { requirements, vaultPasswordFile } = ansible;
  return [
    ...(vaultPasswordFile === undefined
      ? []
      : [{ id: 'ansible.vault-password', run: () => vaultPassword(vaultPasswordFile) }]),
    ...(requirements === undefined ? [] : [{ id: 'ansible.requirements', run: () => requirementsFile(requirements) }]),
  ];
}

async function vaultPassword(file: string): Promise<Finding[]> {
  const wrong = await vaultPasswordProblem(file);
  if (!wrong) return [ok('ansible.vault-password', `the vault password file ${file} is there, and not everybody's`)];
  const found = error('ansible.vault-password', `ansible.vaultPasswordFile ${file} ${wrong.problem}`, wrong.fix);
  return [{ ...found, cause: `ansible.vault-password ${file}` }];
}

async function requirementsFile(file: string): Promise<Finding[]> {
  try {
    await access(file);
    return [ok('ansible.requirements', `${file} is there; ansible-galaxy installs it once for its content`)];
  } catch {
    const message = `ansible.requirements ${file} does not exist`;
    const found = error('ansible.requirements', message, 'write the file, or correct ansible.requirements');
    return [{ ...found, cause: `ansible.requirements ${file}` }];
  }
}
