import type { PlaybookLook } from './playbook-look.ts';

/** A machine to reach. */
export interface Host {
  instanceId: string;
  address: string;
}

/** What the release role is asked to do; see ansible/roles/release. */
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
  /** How many release environments stay on the host. */
  release_keep: number;
  /** Commit of the project that the plays are from; absent in runs that began before it was kept. */
  release_project_commit?: string;
  /** How long a started environment may take to be healthy, in seconds. */
  release_health_timeout?: number;
  /** The same where one takes over from another on a host that serves, in seconds. */
  release_takeover_timeout?: number;
  /** The host is there for this release only, and serves nobody. */
  release_builder?: boolean;
  /** Run that builds the folder on the host, and that alone may remove it; absent where a person plays the role. */
  release_run?: string;
  [extra: string]: unknown;
}

/** Variables of a play of a playbook that does not know the release role: it is run once, as a whole. */
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

/** A task of a play that has changed its host, or may have. */
export interface TaskChange {
  task: string;
  /** Fully qualified where Ansible knows it; absent where it is not known. */
  module?: string;
  /** Role, and its folder; absent outside of roles. */
  role?: string;
  folder?: string;
  /** Files that the module says it has worked on; empty where it does not say. */
  paths: string[];
  /** What was removed from the host and a boot does not make again, a line each; absent where that is nothing. */
  lost?: string[];
  how: 'changed' | 'failed' | 'unfinished';
}

export interface PlayOptions {
  timeoutMs: number;
  onTask?: OnTask;
  onChanges?: (changes: TaskChange[]) => void;
  signal?: AbortSignal;
  /** The project that the playbook is of, when that is a checkout: its ansible.cfg is looked for there. */
  projectDir?: string;
}

/** The way to machines: SSH and Ansible, told nothing of where the machines are. */
export interface Hosts {
  /** Resolves when SSH answers with a pinned host key; rejects with code `ssh.unreachable` at the deadline. */
  waitReachable(host: Host, timeoutMs: number): Promise<void>;
  /** Forgets pinned keys and open connections of a host whose identity changed (clean-up, reboot). */
  forget(host: Host): Promise<void>;
  /**
   * Runs a playbook on one host. A failed task rejects with code `ansible.failed`: task name and its own message, no wall of output.
   * `onChanges` is called once, however the play ends, before that is told.
   * A playbook that ends well and has run no task on the host rejects with `ansible.no-hosts`.
   */
  play(host: Host, playbook: string, variables: ReleaseVariables | PlainVariables, options: PlayOptions): Promise<void>;
  /**
   * What a playbook holds; nothing is run and no host is contacted. What it needs from Ansible Galaxy is installed on this machine.
   * @throws PipelineError `ansible.no-playbook`, `ansible.bad-playbook` (with Ansible's own words), `ansible.missing`, `ansible.not-looked`;
   * `ansible.vault-password`, `ansible.no-requirements`, `ansible.requirements`, as for `play`
   */
  look(
    playbook: string,
    variables: ReleaseVariables | PlainVariables,
    options?: Pick<PlayOptions, 'signal' | 'projectDir'>,
  ): Promise<PlaybookLook>;
  /**
   * Runs one program on a host, arguments quoted for the remote shell by us; rejects with code `ssh.failed` on a non-zero exit, and with
   * `ssh.unreachable` when the machine was not reached or the connection was lost.
   * `once`: nothing else follows on this host, so no shared connection is opened, which costs a process of its own.
   */
  run(host: Host, argv: string[], options?: { timeoutMs?: number; once?: boolean }): Promise<string>;
  /** Ends shared connections. */
  close(): Promise<void>;
}
