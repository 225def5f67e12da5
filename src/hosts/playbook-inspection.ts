/** The contents of a playbook, as Ansible reads it before it runs anything. */
export interface PlaybookInspection {
  plays: PlayInspection[];
}

export interface PlayInspection {
  name: string;
  /** The pattern, e.g. `['all']`. */
  hosts: string[];
  /**
   * All tasks that may run, including those of `rescue` and `always`, and handlers; without those that tags exclude.
   */
  tasks: TaskInspection[];
}

export interface TaskInspection {
  /** Empty for a task without a name. */
  name: string;
  /** Fully qualified where Ansible knows the module, e.g. `ansible.builtin.template`. */
  module: string;
  /** True for a handler. */
  handler: boolean;
  /** File and line. */
  at: string;
  /** Role of the task, and its folder; absent outside of roles. */
  role?: string;
  folder?: string;
  /** The file of the role that `import_role` names by `tasks_from`; absent for the whole role. */
  entry?: string;
  /**
   * The name in a dynamic include, which is known only at run time; includes with fixed names are listed with their
   * tasks.
   */
  includes?: string;
  /**
   * Values in this play of the variables that decide whether the role changes a host; absent where they are unknown.
   */
  variables?: Record<string, string>;
}
