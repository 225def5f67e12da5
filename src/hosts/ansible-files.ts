import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import { ownFile } from '@golden-pipeline/shared/own-files';
import type { Fleet } from '../config/settings.ts';
import type { PlaySettings } from './play-setup.ts';
import type { Host, PlainVariables, ReleaseVariables } from './types.ts';

/** The `ansible` folder of the package. */
export function ownAnsibleFolder(): string {
  const plugin = ownFile(['ansible/callback_plugins/pipeline_events.py']);
  if (plugin === undefined) throw new Error('no ansible/callback_plugins: the installation is incomplete');
  return dirname(dirname(plugin));
}

/** The pipeline's own playbook for the steps before and after a plain playbook. */
export function plainPlaybook(): string {
  return join(ownAnsibleFolder(), 'plain.yml');
}

/** The project's ansible.cfg: beside its playbook, else in ansible/, else in its root; else that of the package. */
export function ansibleConfig(projectDir: string, playbook: string): string {
  const candidates = [dirname(playbook), join(projectDir, 'ansible'), projectDir].map((folder) =>
    join(folder, 'ansible.cfg'),
  );
  return candidates.find((file) => existsSync(file)) ?? join(ownAnsibleFolder(), 'ansible.cfg');
}

/** The same for a plain playbook, which expects Ansible's own defaults where its project has no ansible.cfg. */
export function plainConfig(projectDir: string, playbook: string): string {
  const config = ansibleConfig(projectDir, playbook);
  return dirname(config) === ownAnsibleFolder() ? join(ownAnsibleFolder(), 'plain.cfg') : config;
}

/** An inventory of one host in the given groups, as JSON, which Ansible reads as YAML. */
export function inventory(
  host: Host,
  ssh: Fleet['ssh'],
  { kind, groups }: Pick<PlaySettings, 'kind' | 'groups'>,
): string {
  const variables = {
    ansible_host: host.address,
    ansible_port: ssh.port,
    ansible_user: ssh.user,
    ansible_ssh_private_key_file: ssh.privateKey,
    ansible_python_interpreter: '/usr/bin/python3',
    // This overrides every `become` of a playbook; a plain playbook keeps its own where sudo may be used.
    ...(kind === 'plain' && ssh.become ? {} : { ansible_become: ssh.become }),
  };
  const member = { hosts: { [host.instanceId]: {} } };
  const children = Object.fromEntries(groups.map((group) => [group, member]));
  return JSON.stringify({
    all: { hosts: { [host.instanceId]: variables }, ...(groups.length > 0 && { children }) },
  });
}

/** Variables that are optional for a play. */
const optional = ['release_previous', 'release_project_commit'];

const rules: [string, RegExp][] = [
  ['release_app', /^[a-z][a-z0-9-]{0,40}$/],
  ['release_version', /^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/],
  ['release_commit', /^[0-9a-f]{7,64}$/],
  ['release_previous', /^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/],
  ['release_project_commit', /^[0-9a-f]{7,64}$/],
  ['release_health_path', /^\/[A-Za-z0-9._~/?=&%-]*$/],
];

/** Refuses values that Ansible would read as templates or as other paths. Code `ansible.bad-variable`. */
export function checkVariables(variables: ReleaseVariables | PlainVariables): void {
  for (const [name, rule] of rules) {
    const value = variables[name];
    if (value === undefined && optional.includes(name)) continue;
    if (typeof value !== 'string' || !rule.test(value)) {
      throw usageError('ansible.bad-variable', `${name} is ${JSON.stringify(value)}, expected ${rule.source}`);
    }
  }
}
