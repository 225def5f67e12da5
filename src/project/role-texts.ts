import type { Answers } from './answers.ts';

/** Example commands of a service of each kind, which a team will replace. */
const commands: Readonly<Record<Answers['technology'], { start: string; install: string }>> = {
  node: { start: '[node, server.js]', install: '[npm, ci, --omit=dev, --no-audit, --no-fund]' },
  python: {
    start: '[.venv/bin/python, -m, app]',
    install: "[sh, -c, 'python3 -m venv .venv && .venv/bin/pip install -r requirements.txt']",
  },
  other: { start: '[./server]', install: '[]' },
};

/**
 * Playbook and role of an app by their paths in the project. The role calls `release`, which is part of the package.
 */
export function roleFiles({ app, technology }: Answers): Record<string, string> {
  const prefix = app.replaceAll('-', '_');
  const { start, install } = commands[technology];
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
${technology === 'other' ? '' : `    - ${technology}\n`}    - ${app}
`,
    [`ansible/roles/${app}/defaults/main.yml`]: `# What the release role needs to know of this app.
# Started in the release's folder with PORT (and HOST) in its environment; both are lists of words, no shell reads them.
${prefix}_command: ${start}
# Run inside the fresh release folder; everything the release needs ends up inside it.
${prefix}_install: ${install}
${prefix}_environment: {}
# Folders that outlive a release, linked into each: shared/<name>.
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
