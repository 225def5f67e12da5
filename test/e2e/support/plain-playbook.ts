/**
 * A playbook for `frontend` as people publish them: of a group, with facts, files copied in place, a handler that restarts the service.
 * It knows the release role as little as that knows it.
 */
export const plainPlaybook = `- name: Web servers
  hosts: webservers
  gather_facts: true
  vars:
    folder: /opt/site
  tasks:
    - name: Make the folder
      ansible.builtin.file: {path: "{{ folder }}", state: directory, mode: '0755'}
    - name: Copy the site
      ansible.builtin.copy: {src: "{{ release_source }}/", dest: "{{ folder }}/", remote_src: true, mode: preserve}
      notify: Restart the site
    - name: Say which release it is
      ansible.builtin.copy:
        content: "{{ {'version': release_version, 'commit': release_commit} | to_json }}"
        dest: "{{ folder }}/release.json"
        mode: '0644'
      notify: Restart the site
    - name: Define the service
      ansible.builtin.copy:
        content: |
          #!/bin/sh
          # {{ ansible_distribution }}
          . /run/pipeline/instance.env
          export HOST PORT={{ release_port }}
          cd {{ folder }} && exec python3 server.py 2>&1
        dest: /etc/sv/frontend/run
        mode: '0755'
      notify: Restart the site
  handlers:
    - name: Restart the site
      ansible.builtin.command: sv -w 30 force-restart /etc/service/frontend
`;
