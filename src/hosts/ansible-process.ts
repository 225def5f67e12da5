import { join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { execa } from 'execa';
import { ownAnsibleFolder } from './ansible-files.ts';
import { shellQuote } from './quote.ts';

/** How long Ansible may take to exit after a signal, in milliseconds. */
const graceMs = 3000;

/** The environment of ansible-playbook, which selects the project's ansible.cfg and the pipeline's own plugins. */
export function environment(
  folder: string,
  events: string,
  config: string,
  sshOptions: string[],
): Record<string, string> {
  return {
    ANSIBLE_CONFIG: config,
    ANSIBLE_SSH_ARGS: sshOptions.map(shellQuote).join(' '),
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_CALLBACK_PLUGINS: join(ownAnsibleFolder(), 'callback_plugins'),
    ANSIBLE_CALLBACKS_ENABLED: 'pipeline_events',
    ANSIBLE_STDOUT_CALLBACK: 'default',
    // Inventory and connection are the pipeline's, whatever the project's ansible.cfg says.
    ANSIBLE_INVENTORY_ENABLED: 'yaml',
    ANSIBLE_TRANSPORT: 'ssh',
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

/**
 * Runs ansible-playbook as the leader of a process group, so that its workers and their ssh processes are ended with
 * it.
 */
export async function runGroup(
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
    // The leader may exit before its workers.
    if (stopped) kill('SIGKILL');
    timer.cancel();
    killer.cancel();
    signal?.removeEventListener('abort', onAbort);
    process.removeListener('exit', onExit);
  }
}
