import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Fleet } from '../config/settings.ts';
import type { Clock } from '../shared/clock.ts';
import { PipelineError, usageError } from '../shared/errors.ts';
import { noHostsError, playError } from './ansible-error.ts';
import { type AnsibleEvent, eventParser, follow, ranNothing } from './ansible-events.ts';
import { checkVariables, inventory, ownAnsibleFolder } from './ansible-files.ts';
import { createPlaySetup, type PlaySettings } from './play-setup.ts';
import { shellQuote } from './quote.ts';
import type { Host, Hosts } from './types.ts';

/** How long Ansible may take to end by itself once told to, in milliseconds. */
const graceMs = 3000;

/** Runs playbooks on one host at a time, over the connections of `sshOptions`. */
export function createAnsible(settings: {
  ssh: Fleet['ssh'];
  ansible?: PlaySettings;
  projectDir: string;
  runDir: string;
  clock: Clock;
  sshOptions: (host: Host) => string[];
}): Pick<Hosts, 'play' | 'prepare'> {
  const { ssh, ansible = { kind: 'release', groups: [] }, projectDir, runDir, clock } = settings;
  const prepared = createPlaySetup({ ansible, projectDir, become: ssh.become });

  const prepare: Hosts['prepare'] = async (playbook, signal) => {
    await prepared(playbook, signal);
  };
  const play: Hosts['play'] = async (host, playbook, variables, { timeoutMs, onTask, signal }) => {
    checkVariables(variables);
    if (!existsSync(playbook)) throw usageError('ansible.no-playbook', `playbook ${playbook} does not exist`);
    signal?.throwIfAborted();
    const setup = await prepared(playbook, signal);
    const folder = await mkdtemp(join(runDir, 'play-'));
    try {
      const files = { inventory: 'inventory.json', variables: 'variables.json', events: 'events.ndjson' };
      const path = (name: keyof typeof files) => join(folder, files[name]);
      await Promise.all([
        mkdir(join(folder, 'tmp'), { mode: 0o700 }),
        writeFile(path('inventory'), inventory(host, ssh, ansible), { mode: 0o600 }),
        writeFile(path('variables'), JSON.stringify(variables), { mode: 0o600 }),
        writeFile(path('events'), '', { mode: 0o600 }),
      ]);
      const events: AnsibleEvent[] = [];
      const parse = eventParser((event) => {
        events.push(event);
        if (event.event === 'task') onTask?.({ name: event.name, index: event.index });
      });
      const following = follow(path('events'), parse);
      const result = await runGroup(
        clock,
        ['-i', path('inventory'), '--extra-vars', `@${path('variables')}`, ...setup.argv, playbook],
        {
          cwd: dirname(playbook),
          env: {
            ...environment(folder, path('events'), settings.sshOptions(host)),
            ...setup.env,
            // What one play has found out about the host, the next one of this process need not.
            ANSIBLE_CACHE_PLUGIN: 'jsonfile',
            ANSIBLE_CACHE_PLUGIN_CONNECTION: join(runDir, 'facts'),
          },
        },
        timeoutMs,
        signal,
      ).finally(() => following.finish());
      if (result.missing) {
        throw usageError(
          'ansible.missing',
          'ansible-playbook was not found on this machine',
          'apt-get install ansible-core',
        );
      }
      if (result.stopped === 'signal') throw signal?.reason;
      if (result.stopped === 'timeout') {
        const last = events.findLast((event) => event.event === 'task');
        throw new PipelineError(
          'ansible.timeout',
          `Ansible did not end on ${host.instanceId} within ${Math.round(timeoutMs / 1000)} s${last?.event === 'task' ? `, in task "${last.name}"` : ''}`,
          { hint: 'if it only needs longer, raise release.timeouts.ansible' },
        );
      }
      if (result.exitCode !== 0) throw playError(host, events, { ...result, how: `exit ${result.exitCode}` });
      if (ranNothing(host, events)) throw noHostsError(host, playbook, events);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return { play, prepare };
}

function environment(folder: string, events: string, sshOptions: string[]): Record<string, string> {
  return {
    ANSIBLE_SSH_ARGS: sshOptions.map(shellQuote).join(' '),
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_CALLBACK_PLUGINS: join(ownAnsibleFolder(), 'callback_plugins'),
    ANSIBLE_CALLBACKS_ENABLED: 'pipeline_events',
    ANSIBLE_STDOUT_CALLBACK: 'default',
    ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_RETRY_FILES_ENABLED: '0',
    PIPELINE_EVENTS_FILE: events,
    LC_ALL: 'C.UTF-8',
  };
}

interface GroupResult {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  missing: boolean;
  stopped?: 'timeout' | 'signal';
}

/** Runs ansible-playbook as the leader of a process group, so that its workers and their ssh end with it. */
async function runGroup(
  clock: Clock,
  argv: string[],
  options: { cwd: string; env: Record<string, string> },
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<GroupResult> {
  const child = execa('ansible-playbook', argv, {
    ...options,
    reject: false,
    stdin: 'ignore',
    detached: true,
    cleanup: false,
    maxBuffer: 4_000_000,
  });
  let stopped: GroupResult['stopped'];
  const kill = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  let killer = { cancel: () => {} };
  const stop = (why: 'timeout' | 'signal') => {
    if (stopped) return;
    stopped = why;
    kill('SIGTERM');
    killer = clock.after(graceMs, () => kill('SIGKILL'));
  };
  const onAbort = () => stop('signal');
  const onExit = () => kill('SIGKILL');
  const timer = clock.after(timeoutMs, () => stop('timeout'));
  signal?.addEventListener('abort', onAbort, { once: true });
  process.once('exit', onExit);
  try {
    const result = await child;
    return {
      exitCode: result.exitCode,
      stdout: result.stdout,
      stderr: result.stderr,
      missing: result.code === 'ENOENT' || result.code === 'EACCES',
      stopped,
    };
  } finally {
    // The leader may be gone before its workers are.
    if (stopped) kill('SIGKILL');
    timer.cancel();
    killer.cancel();
    signal?.removeEventListener('abort', onAbort);
    process.removeListener('exit', onExit);
  }
}
