import type { TaskInspection } from '../../hosts/playbook-inspection.ts';

/**
 * Modules of ansible-core that only read, compute or report. They are known by their full names: a module of the project that is called
 * the same resolves to another one.
 */
const readers = new Set(
  [
    ...['assert', 'debug', 'fail', 'gather_facts', 'getent', 'include_vars', 'package_facts', 'pause', 'ping'],
    ...['service_facts', 'set_fact', 'setup', 'stat', 'validate_argument_spec', 'wait_for'],
  ].map((name) => `ansible.builtin.${name}`),
);

/** True for a task that changes no host, whoever wrote it. What it notifies is a task of its own. */
export function harmless({ module, includes }: Pick<TaskInspection, 'module' | 'includes'>): boolean {
  // `meta` steers Ansible itself. `flush_handlers` runs handlers, which are listed.
  return includes === undefined && (readers.has(module) || module === 'meta' || module === 'ansible.builtin.meta');
}
