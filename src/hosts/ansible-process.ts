import { join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { execa } from 'execa';
import { ownAnsibleFolder } from './ansible-files.ts';
import { guardGroup, type Stopped } from './process-group.ts';
import { shellQuote } from './quote.ts';

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
  stopped?: Stopped | undefined;
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
  const guard = guardGroup(child, clock, { timeoutMs, signal });
  try {
    const result = await Promise.race([child, guard.whenRefused.then(() => undefined)]);
    if (result === undefined) {
      child.unref();
      return { exitCode: undefined, stdout: '', stderr: '', missing: false, stopped: guard.stopped };
    }
    return {
      exitCode: result.exitCode,
      stdout: result.stdout,
      stderr: result.stderr,
      missing: result.code === 'ENOENT' || result.code === 'EACCES',
      stopped: guard.stopped,
    };
  } finally {
    guard.end();
  }
}
