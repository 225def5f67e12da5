import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { ownAnsibleFolder } from '../../src/hosts/ansible-files.ts';
import type { PlaybookInspection } from '../../src/hosts/playbook-inspection.ts';
import type {
  Host,
  Hosts,
  PlainVariables,
  ReleaseAction,
  ReleaseVariables,
  TaskChange,
} from '../../src/hosts/types.ts';
import { type ServiceOfTest, sentProgramOf } from './sent-programs.ts';

/** What tests see and set of the hosts. */
export interface HostsOfTest {
  /** Versions that hosts were activated with, the newest first. */
  readonly activated: string[];
  /** Who was asked to switch to what, `instance version`. */
  readonly switchedHosts: string[];
  /** Hosts that refuse to switch. */
  readonly broken: Set<string>;
  /** Called before a host answers. */
  readonly before: { inPlace?: (instanceId: string, version: string) => Promise<void> };
  /** What the hosts were told, `action instance`. */
  readonly plays: string[];
  /** Actions that the playbook ends well and does nothing for. */
  readonly skipped: Set<ReleaseAction | 'run'>;
  /** Actions that switch the host to the version as well. */
  readonly switches: Set<ReleaseAction>;
  /** What the programs of secrets were told, `action instance`, and what fails there. */
  readonly secrets: { calls: string[]; before: Set<string>; fails?: (call: string) => string | undefined };
  /** What the playbook holds. */
  readonly playbook: PlaybookInspection;
  /** What plays change besides what the release role does, by action; or what they do, such as to fail. */
  readonly changes: Partial<Record<ReleaseAction, TaskChange[] | (() => TaskChange[])>>;
  readonly service: ServiceOfTest;
  /** What all hosts have and cleaning takes, and a boot does not make again. */
  readonly identity: string[];
}

/** What the playbooks of the demo project hold: nothing but the release role, and what finds the init. */
export const standardPlaybook = (): PlaybookInspection => {
  const task = { name: '', handler: false, at: 'ansible/api.yml:1' };
  const folder = path.join(ownAnsibleFolder(), 'roles', 'release');
  const tasks = [
    { ...task, module: 'ansible.builtin.setup' },
    { ...task, module: 'include_tasks', includes: '{{ release_action }}.yml', role: 'release', folder },
  ];
  return { plays: [{ name: 'Release api', hosts: ['all'], tasks }] };
};

/** The part of a host's disk that a release is about. */
interface Disk {
  /** By version: the text of its release.json, and the run that built it. */
  releases: Map<string, { text: string; run: string }>;
  current?: string;
  /** Names in /etc/ssh. */
  ssh: string[];
  /** What a plain playbook has left: the version that its service shows, and the record of the pipeline. */
  plain: { serves?: string; record?: string };
}

/** One of a role that the pipeline does not know. */
export const foreignTask = {
  name: 'Write the site',
  module: 'ansible.builtin.template',
  handler: false,
  at: 'ansible/roles/nginx/tasks/main.yml:1',
  role: 'nginx',
  folder: 'ansible/roles/nginx',
};

/** What {@link foreignTask} does to a host. */
export const foreignChange: TaskChange = {
  task: 'Write the site',
  module: 'ansible.builtin.template',
  role: 'nginx',
  folder: 'ansible/roles/nginx',
  paths: ['/etc/nginx/conf.d/site.conf'],
  how: 'changed',
};

/**
 * Hosts that do what they are told at once, and keep what plays write; without `switching` they know no environments.
 * Disks begin empty: which image an instance has is not known here.
 */
export function simulatedHosts(test: HostsOfTest, app: string, switching: boolean): Hosts {
  const disks = new Map<string, Disk>();
  /** Secrets of the version that was activated last: every image has its list. */
  let references: object | undefined;
  const diskOf = ({ instanceId }: Host): Disk => {
    const disk = disks.get(instanceId) ?? {
      releases: new Map(),
      ssh: ['ssh_host_ed25519_key', 'sshd_config'],
      plain: {},
    };
    disks.set(instanceId, disk);
    return disk;
  };
  return {
    waitReachable: async () => undefined,
    // It is forgotten when it gets another identity.
    forget: async (host) => {
      diskOf(host).ssh = ['ssh_host_ed25519_key', 'sshd_config'];
    },
    inspect: async () => test.playbook,
    play: async (host, _playbook, variables, { onChanges }) => {
      if (variables.release_action === undefined) {
        playPlain(test, host, diskOf(host), variables);
        if (variables.plain_action === 'clean') onChanges?.(cleaned(test));
        return;
      }
      const { release_action: action, release_version: version } = variables;
      test.plays.push(`${action} ${host.instanceId}`);
      const changes = test.changes[action] ?? [];
      onChanges?.([
        ...(typeof changes === 'function' ? changes() : changes),
        ...(action === 'clean' ? cleaned(test) : []),
      ]);
      if (test.skipped.has(action)) return;
      if (action === 'activate') test.activated.unshift(version);
      if (action === 'revert') test.activated.splice(test.activated.indexOf(version), 1);
      if (action === 'activate') references = variables.release_secrets as object | undefined;
      write(diskOf(host), variables);
      if (test.switches.has(action)) diskOf(host).current = version;
    },
    run: async (host, argv) => {
      const file = `/srv/${app}/current/.release-secrets`;
      if (references && argv.at(-1) === `${file}.json`) return JSON.stringify({ references });
      if (argv.includes(`${file}.py`) || (switching && argv.at(-1) === 'again')) return runSecrets(test, host, argv);
      if (argv.at(-1) === '--list') return test.identity.map((line) => `lost: ${line}`).join('\n');
      if (argv.includes('-c')) return runProgram(diskOf(host), argv);
      const read = readDisk(diskOf(host), `/srv/${app}`, argv);
      if (read) {
        if ('text' in read) return read.text;
        throw new PipelineError('ssh.failed', `\`${argv.join(' ')}\` failed`, { details: [read.problem] });
      }
      if (!switching) return '';
      if (argv.at(-1) === 'list') return JSON.stringify({ environments: test.activated.slice(0, 3) });
      const version = argv.at(-1) ?? '';
      await test.before.inPlace?.(host.instanceId, version);
      test.switchedHosts.push(`${host.instanceId} ${version}`);
      if (test.broken.has(host.instanceId)) return JSON.stringify({ ok: false, reason: 'the disk is full' });
      return JSON.stringify({ ok: true, version, seconds: 0.1 });
    },
    stream: (host, argv, options) => sentProgramOf(test.service, host, argv, options),
    attach: async () => ({ exitCode: 0 }),
    close: async () => undefined,
  };
}

/** What the task that cleans a host reports. */
function cleaned({ identity }: HostsOfTest): TaskChange[] {
  const task = { task: 'Clean the host for imaging', module: 'ansible.builtin.command', role: 'release' };
  const folder = path.join(ownAnsibleFolder(), 'roles', 'release');
  return identity.length > 0 ? [{ ...task, folder, paths: [], how: 'changed', lost: identity }] : [];
}

/** The pipeline's own playbook, and a plain one whose service shows its version at once. */
function playPlain(test: HostsOfTest, host: Host, disk: Disk, variables: PlainVariables): void {
  const action = (variables.plain_action as 'source' | 'clean' | undefined) ?? 'run';
  test.plays.push(`${action} ${host.instanceId}`);
  if (action !== 'source' && test.skipped.has(action)) return;
  if (action === 'source') disk.plain = {};
  if (action === 'run') disk.plain.serves = variables.release_version;
  if (action === 'clean') disk.ssh = ['sshd_config'];
}

/** What the program of secrets answers, and the service that takes over from itself. */
function runSecrets(test: HostsOfTest, { instanceId }: Host, argv: string[]): string {
  const action = argv.at(-1) === 'again' ? 'again' : (argv[argv.findIndex((word) => word.endsWith('.py')) + 1] ?? '');
  const call = `${action} ${instanceId}`;
  test.secrets.calls.push(call);
  const reason = test.secrets.fails?.(call);
  if (action === 'again') return JSON.stringify(reason === undefined ? { ok: true } : { ok: false, reason });
  if (reason !== undefined) throw new PipelineError('ssh.failed', `\`${call}\` failed`, { details: [reason] });
  // The values before are in the memory of the host from a refresh until it is to forget them.
  const { before } = test.secrets;
  if (action === 'refresh') before.add(instanceId);
  if (action === 'forget') before.delete(instanceId);
  return JSON.stringify(action === 'refresh' ? { changed: ['STRIPE_KEY'] } : { restored: before.has(instanceId) });
}

/** What the programs around a plain playbook do: asking the service, and writing the record. */
function runProgram(disk: Disk, argv: string[]): string {
  const argument = JSON.parse(argv.at(-1) ?? '') as { checks?: { path: string; contains?: string }[] };
  if (!argument.checks) {
    disk.plain.record = argv.at(-1);
    return '';
  }
  const body = `"version":"${disk.plain.serves ?? 'v0'}"`;
  const wrong = argument.checks.find(({ contains = '' }) => !body.includes(contains));
  return JSON.stringify(wrong ? { kind: 'other', problem: `${wrong.path} answers ${body}` } : {});
}

/** What the release role does to a disk. */
function write(disk: Disk, variables: ReleaseVariables): void {
  const { release_app: app, release_version: version, release_commit: commit, release_previous: previous } = variables;
  const run = String(variables.release_run);
  const removeOwn = () => disk.releases.get(version)?.run === run && disk.releases.delete(version);
  switch (variables.release_action) {
    case 'stage':
      disk.releases.set(version, { text: JSON.stringify({ app, version, commit }), run });
      break;
    case 'activate':
      disk.current = version;
      break;
    case 'clean':
      disk.ssh = ['sshd_config'];
      break;
    case 'revert':
      disk.current = previous;
      removeOwn();
      break;
    case 'unstage':
      if (disk.current !== version) removeOwn();
  }
}

/** What `cat`, `readlink` and `ls` answer about the files that are kept here; undefined for other programs. */
function readDisk(disk: Disk, root: string, argv: string[]): { text: string } | { problem: string } | undefined {
  const [program, file = ''] = argv.filter((word) => !['sudo', '-n', '-A'].includes(word));
  const names = [...disk.releases.keys()];
  const answers: Record<string, string | undefined> = {
    [`readlink ${root}/current`]: disk.current && `releases/${disk.current}`,
    [`ls ${root}/releases`]: names.length > 0 ? names.join('\n') : undefined,
    'ls /etc/ssh': disk.ssh.join('\n'),
    [`cat ${root}/plain-release.json`]: disk.plain.record,
    ...Object.fromEntries(
      [...disk.releases].flatMap(([name, { text, run }]) => [
        [`cat ${root}/releases/${name}/release.json`, text],
        [`cat ${root}/releases/${name}/.release-run`, run],
      ]),
    ),
  };
  if (!['cat', 'readlink', 'ls'].includes(program ?? '')) return undefined;
  const text = answers[`${program} ${file}`];
  return text === undefined ? { problem: `${program}: ${file}: No such file or directory` } : { text };
}
