import { dirname, join, relative } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import type { Fleet } from '../config/settings.ts';
import { ansibleConfig, plainConfig, plainPlaybook } from './ansible-files.ts';
import { type Installed, installRequirements } from './galaxy.ts';
import { assertVaultPassword } from './vault-password.ts';

/** The configuration of the app's playbook. */
export type PlaySettings = Pick<Fleet['ansible'], 'kind' | 'groups' | 'requirements' | 'vaultPasswordFile'>;

/** Settings of a playbook that applies the release role, without anything else. */
export const releasePlays: PlaySettings = { kind: 'release', groups: [] };

/** Options of ansible-playbook besides inventory and variables. */
export interface PlaySetup {
  /** The ansible.cfg. */
  config: string;
  argv: string[];
  env: Record<string, string>;
}

/**
 * Prepares a run of a playbook: its ansible.cfg, its vault password, its roles and collections, which are installed if
 * they are missing. The pipeline's own playbook needs none of them. `checkout` is the project where it is one of a
 * commit.
 */
export function createPlaySetup({
  ansible,
  projectDir,
  become,
}: {
  ansible: PlaySettings;
  projectDir: string;
  become: boolean;
}): (playbook: string, options?: { signal?: AbortSignal; checkout?: string }) => Promise<PlaySetup> {
  const paths = new Map<string, Promise<Record<string, string>>>();

  return async (playbook, { signal, checkout = projectDir } = {}) => {
    const plain = ansible.kind === 'plain';
    const own = playbook === plainPlaybook();
    const config = plain && !own ? plainConfig(checkout, playbook) : ansibleConfig(checkout, playbook);
    const setup: PlaySetup = {
      config,
      // As a command-line default, as in manual runs: a task may override it, unlike a value in the inventory.
      argv: plain && become ? ['--become'] : [],
      env: {},
    };
    if (own) return setup;
    if (ansible.vaultPasswordFile !== undefined) {
      await assertVaultPassword(ansible.vaultPasswordFile);
      setup.argv.push('--vault-password-file', ansible.vaultPasswordFile);
    }
    if (ansible.requirements !== undefined) {
      // From the same commit as the plays; a file outside of the project is used in place.
      const below = relative(projectDir, ansible.requirements);
      const file = below.startsWith('..') ? ansible.requirements : join(checkout, below);
      const installed = await installRequirements(file, { projectDir, config, signal });
      const key = `${config} ${installed.roles}`;
      const known = paths.get(key) ?? searchPaths(config, dirname(playbook), installed);
      paths.set(key, known);
      Object.assign(setup.env, await known);
    }
    return setup;
  };
}

/** Search path for roles and collections: the installed ones first, then Ansible's defaults. */
async function searchPaths(config: string, cwd: string, installed: Installed): Promise<Record<string, string>> {
  const result = await execa('ansible-config', ['dump', '--format', 'json'], {
    cwd,
    env: { ANSIBLE_CONFIG: config, ANSIBLE_NOCOLOR: '1', LC_ALL: 'C.UTF-8' },
    reject: false,
    stdin: 'ignore',
  });
  const configured = result.exitCode === 0 ? configuredPaths(result.stdout) : undefined;
  if (!configured) {
    throw new PipelineError('ansible.failed', `${config} cannot be read by ansible-config`, {
      details: result.stderr.split('\n').slice(-15),
    });
  }
  return {
    ANSIBLE_ROLES_PATH: [installed.roles, ...configured('DEFAULT_ROLES_PATH')].join(':'),
    ANSIBLE_COLLECTIONS_PATH: [installed.collections, ...configured('COLLECTIONS_PATHS')].join(':'),
  };
}

function configuredPaths(json: string): ((name: string) => string[]) | undefined {
  try {
    const settings = JSON.parse(json) as { name?: string; value?: unknown }[];
    return (name) => {
      const value = settings.find((one) => one.name === name)?.value;
      return Array.isArray(value) ? value.map(String) : [];
    };
  } catch {
    return undefined;
  }
}
