import type { Answers } from './answers.ts';
import { commandArgv, yamlList, yamlText } from './command-argv.ts';
import type { Technology } from './stack/stack.ts';

/** The role of the package that puts on a host what an app is run with. A site of files is served by Python. */
const roleOf: Readonly<Record<Technology, string | undefined>> = {
  node: 'node',
  python: 'python',
  ruby: 'ruby',
  static: 'python',
  binary: undefined,
};

/**
 * Playbook and role of an app by their paths in the project. The role calls `release`, which is part of the package.
 */
export function roleFiles({
  app,
  technology,
  start,
  build,
  variables,
}: Pick<Answers, 'app' | 'technology' | 'start' | 'build' | 'variables'>): Record<string, string> {
  const prefix = app.replaceAll('-', '_');
  const entries = Object.entries(variables).map(([name, value]) => `  ${name}: ${yamlText(value)}\n`);
  const role = roleOf[technology];
  return {
    [`ansible/${app}.yml`]: `# One step in the life of a release of \`${app}\` on a host; \`release_action\` says which.
- name: Release ${app}
  hosts: all
  become: "{{ release_become | bool }}"
  gather_facts: false
  vars:
    release_become: false
  pre_tasks:
    - name: Find the host's init
      ansible.builtin.setup:
        gather_subset: ['!all', '!min', service_mgr]
      when: ansible_service_mgr is not defined
  roles:
${role === undefined ? '' : `    - ${role}\n`}    - ${app}
`,
    [`ansible/roles/${app}/defaults/main.yml`]: `# What the release role needs to know of this app.
# Started in the release's folder with HOST and PORT in its environment. A list of words; what needs a shell is given to one.
${prefix}_command: ${yamlList(commandArgv(start, { replace: true }))}
# Run inside the fresh release folder; everything the release needs ends up inside it.
${prefix}_install: ${yamlList(commandArgv(build))}
${prefix}_environment:${entries.length === 0 ? ' {}\n' : `\n${entries.join('')}`}# Folders that outlive a release, linked into each: shared/<name>.
${prefix}_shared:
  - {name: log, state: directory}
`,
    [`ansible/roles/${app}/meta/main.yml`]: `galaxy_info:
  author: the team
  description: The service ${app}
  license: MIT
  min_ansible_version: '2.14'
  platforms:
    - name: Debian
      versions: [all]
    - name: Ubuntu
      versions: [all]
dependencies:
  - role: release
    vars:
      release_service_command: "{{ ${prefix}_command }}"
      release_service_environment: "{{ ${prefix}_environment }}"
      release_install: "{{ ${prefix}_install }}"
      release_shared: "{{ ${prefix}_shared }}"
`,
  };
}
