/** What a playbook holds, as Ansible itself reads it before it runs anything. */
export interface PlaybookLook {
  plays: PlayLook[];
}

export interface PlayLook {
  name: string;
  /** The pattern, e.g. `['all']`. */
  hosts: string[];
  /** All that may run: tasks of `rescue` and `always`, and handlers, too; without those that tags leave out. */
  tasks: TaskLook[];
}

export interface TaskLook {
  /** Empty for a task without a name. */
  name: string;
  /** Fully qualified where Ansible knows the module, e.g. `ansible.builtin.template`. */
  module: string;
  /** Notified, not run in its turn. */
  handler: boolean;
  /** File and line. */
  at: string;
  /** Role that the task is of, and its folder; absent outside of roles. */
  role?: string;
  folder?: string;
  /** The file of the role that `import_role` names by `tasks_from`; absent for the role as a whole. */
  entry?: string;
  /** What is included, where that is known only while it runs; includes by fixed names are listed as what they lead to. */
  includes?: string;
  /** Values, in this play, of the variables by which the role decides whether it changes a host; absent where they are not known. */
  variables?: Record<string, string>;
}
