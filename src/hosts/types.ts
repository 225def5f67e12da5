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

/** How a program that has run on a host ended: its exit code, or 128 and the number of its signal. */
export interface ProgramEnd {
  exitCode: number;
}

/** A program whose output is read line by line while it runs. */
export interface StreamOptions {
  /** Called for each line of its standard output, one after the other: the next is read when this has resolved. */
  onLine(line: string): void | Promise<void>;
  /** Sent to its standard input, which stays open until the program or the connection ends. */
  input?: string;
  /** Ends the program. */
  signal?: AbortSignal;
}

/** A program that has the terminal, or the output, of this process. */
export interface AttachOptions {
  /** It gets a terminal of its own, and what is typed here. Without it only its output comes here, byte for byte. */
  terminal: boolean;
  /** As of {@link StreamOptions}; without `terminal` only. */
  input?: string;
  signal?: AbortSignal;
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
  /**
   * Runs one program on a host and reads its output while it runs, over a connection of its own. Lines longer than a MiB are split.
   * Undefined when `signal` has ended it. @throws PipelineError `ssh.unreachable` when the host was not reached or the connection was
   * lost, with the last line that ssh has printed
   */
  stream(host: Host, argv: string[], options: StreamOptions): Promise<(ProgramEnd & { stderr: string }) | undefined>;
  /**
   * Runs one program on a host with the input and output of this process; without a program, the login shell.
   * Undefined when `signal` has ended it. @throws as {@link stream}, where it can be told
   */
  attach(host: Host, argv: string[], options: AttachOptions): Promise<ProgramEnd | undefined>;
  /** Closes shared connections. */
  close(): Promise<void>;
}
