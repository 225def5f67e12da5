import type { PlaybookInspection } from './playbook-inspection.ts';

/** A host to log in to. */
export interface Host {
  instanceId: string;
  address: string;
}

/** Actions of the release role; see ansible/roles/release. */
export type ReleaseAction = 'stage' | 'activate' | 'clean' | 'revert' | 'unstage';

/** Variables of one play of the app's playbook. They reach Ansible as a JSON file, never through a shell. */
export interface ReleaseVariables {
  release_action: ReleaseAction;
  release_app: string;
  release_version: string;
  release_commit: string;
  /** Local tar file of the commit (only for `stage`). */
  release_archive?: string;
  /** The version that `current` named before, for `revert`; absent when there was none. */
  release_previous?: string;
  release_port: number;
  release_staging_port: number;
  release_health_path: string;
  /** Number of release environments that are kept on the host. */
  release_keep: number;
  /** Commit of the project that the plays are from; absent in runs recorded before this field existed. */
  release_project_commit?: string;
  /** How long a started environment may take to be healthy, in seconds. */
  release_health_timeout?: number;
  /** The same for an environment that takes over from another on a host that serves, in seconds. */
  release_takeover_timeout?: number;
  /** The host exists for this release only, and receives no traffic. */
  release_builder?: boolean;
  /** The folder gets the program that runs a migration in it. */
  release_migrate?: boolean;
  /** `stage` builds the environment, and does not start it. */
  release_build_only?: boolean;
  /** Run that builds the folder on the host, and that alone may remove it; absent where the role is run by hand. */
  release_run?: string;
  [extra: string]: unknown;
}

/** Variables of a plain playbook, which is run once, as a whole. */
export interface PlainVariables {
  release_action?: undefined;
  release_app: string;
  release_version: string;
  release_commit: string;
  /** Folder on the host that holds the files of the commit. */
  release_source: string;
  /** The version that served before; absent when there was none. */
  release_previous?: string;
  release_port: number;
  release_health_path: string;
  release_run?: string;
  [extra: string]: unknown;
}

/** Progress of a play: one call for each task that starts. */
export type OnTask = (task: { name: string; index: number }) => void;

/** A task that has changed its host, or may have. */
export interface TaskChange {
  task: string;
  /** Fully qualified where Ansible resolves it; absent where unknown. */
  module?: string;
  /** Role, and its folder; absent outside of roles. */
  role?: string;
  folder?: string;
  /** Files that the module reports; empty where it reports none. */
  paths: string[];
  /** What was removed from the host and a boot does not create again, one entry each; absent for nothing. */
  lost?: string[];
  how: 'changed' | 'failed' | 'unfinished';
}

export interface PlayOptions {
  timeoutMs: number;
  onTask?: OnTask;
  onChanges?: (changes: TaskChange[]) => void;
  signal?: AbortSignal;
  /** The checkout of the project, if the playbook is from one: its ansible.cfg is searched there. */
  projectDir?: string;
}

/** The port to hosts: SSH and Ansible, independent of where the hosts are. */
export interface Hosts {
  /** Resolves when SSH answers with a pinned host key; rejects with code `ssh.unreachable` at the deadline. */
  waitReachable(host: Host, timeoutMs: number): Promise<void>;
  /** Forgets pinned keys and open connections of a host whose identity changed (clean-up, reboot). */
  forget(host: Host): Promise<void>;
  /**
   * Runs a playbook on one host. A failed task rejects with code `ansible.failed`, with the name and message of the
   * task only. `onChanges` is called once, before the promise resolves or rejects. A playbook that succeeds without
   * running a task on the host rejects with `ansible.no-hosts`.
   */
  play(host: Host, playbook: string, variables: ReleaseVariables | PlainVariables, options: PlayOptions): Promise<void>;
  /**
   * Analyzes a playbook; nothing is run and no host is contacted. Its requirements from Ansible Galaxy are installed
   * locally.
   * @throws PipelineError `ansible.no-playbook`, `ansible.bad-playbook` (with Ansible's message), `ansible.missing`,
   * `ansible.not-inspected`; `ansible.vault-password`, `ansible.no-requirements`, `ansible.requirements`, as for `play`
   */
  inspect(
    playbook: string,
    variables: ReleaseVariables | PlainVariables,
    options?: Pick<PlayOptions, 'signal' | 'projectDir'>,
  ): Promise<PlaybookInspection>;
  /**
   * Runs one program on a host, with arguments quoted for the remote shell; rejects with code `ssh.failed` on a
   * non-zero exit, and with `ssh.unreachable` when the host was not reached or the connection was lost. `once`: no
   * further program follows on this host, so no shared connection is opened, which would need another process.
   */
  run(host: Host, argv: string[], options?: { timeoutMs?: number; once?: boolean }): Promise<string>;
  /** Closes shared connections. */
  close(): Promise<void>;
}
