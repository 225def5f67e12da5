import path from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { AnsibleEvent, AnsibleFailure } from './ansible-events.ts';
import type { Host } from './types.ts';

/** An Ansible program that is not installed on this computer. */
export function ansibleMissing(program: string): PipelineError {
  return usageError('ansible.missing', `${program} was not found on this computer`, 'apt-get install ansible-core');
}

const mostDetails = 15;
/** Messages of Ansible without information: the output of the program says more. */
const empty = /^(non-zero return code|MODULE FAILURE|One or more items failed|All items completed|$)/;

/** The message of the role's health check (files/health.py) about an app that listens on the wrong port. */
const ignoresPort = /it must listen on the port in the environment variable PORT/;
const portFix =
  'let the app listen on HOST and PORT of its environment, with its usual port only where PORT is not set; a new version is checked beside the one that serves, so a port of its own is taken';

/** The error of a failed play, with the cause of the failed task instead of the whole output. */
export function playError(
  host: Host,
  events: readonly AnsibleEvent[],
  output: { stdout: string; stderr: string; how: string },
): PipelineError {
  const where = `${host.instanceId} (${host.address})`;
  const unreachable = events.findLast((event) => event.event === 'unreachable');
  if (unreachable) {
    return new PipelineError('ansible.unreachable', `Ansible cannot reach ${where}: ${firstLine(unreachable.msg)}`, {
      details: tail(unreachable.msg),
      fix: 'look at the instance’s state and console output',
    });
  }
  const failure = events.find((event) => event.event === 'failed' && !event.ignored);
  if (failure?.event === 'failed') {
    const unset = undefinedVariable(failure);
    if (unset !== undefined) {
      return new PipelineError(
        'ansible.failed',
        `Ansible failed on ${where} in task "${failure.task}": variable ${unset} is undefined`,
        { fix: `give ${unset} in ansible.variables, or a default in defaults/main.yml of the role that uses it` },
      );
    }
    const evidence = failure.stderr.trim() || failure.stdout.trim();
    const cause = empty.test(failure.msg.trim()) ? firstLine(evidence) || failure.msg : firstLine(failure.msg);
    const [message, ...rest] = [cause, ...failure.msg.trim().split('\n').slice(1)];
    return new PipelineError('ansible.failed', `Ansible failed on ${where} in task "${failure.task}": ${message}`, {
      // The first line is already in the message.
      details: tail(evidence || rest.join('\n')).filter((line) => line !== message),
      ...(ignoresPort.test(message ?? '') && { fix: portFix }),
    });
  }
  const said = output.stderr.trim() || output.stdout.trim();
  const error = said.split('\n').find((line) => /^(ERROR!|\[?ERROR)/.test(line)) ?? firstLine(said);
  return new PipelineError('ansible.failed', `Ansible failed on ${where} (${output.how})${error ? `: ${error}` : ''}`, {
    details: tail(said),
  });
}

/** The error of a playbook that succeeded without running a task on the host. */
export function noHostsError(host: Host, playbook: string, events: readonly AnsibleEvent[]): PipelineError {
  const name = path.basename(playbook);
  const skipped = events.filter((event) => event.event === 'skipped' && event.host === host.instanceId).length;
  const elsewhere = [...new Set(events.flatMap((event) => (event.event === 'ok' ? [event.host] : [])))];
  const why =
    skipped > 0
      ? `all ${skipped} were skipped`
      : elsewhere.length > 0
        ? `it ran on ${elsewhere.join(', ')}`
        : 'no play matches the host, or tags leave no task';
  return new PipelineError(
    'ansible.no-hosts',
    `${name} ran no task on ${host.instanceId} (${host.address}), expected it to build the release there: ${why}`,
    {
      fix: `write \`hosts: all\` in ${name}, or name the groups that it expects in ansible.groups; no tag or condition may skip what it does to the host`,
    },
  );
}

/** The name of an undefined variable. Ansible's message has the whole value around it, which may contain secrets. */
function undefinedVariable({ msg, stderr, stdout }: AnsibleFailure): string | undefined {
  if (stderr.trim() !== '' || stdout.trim() !== '') return undefined;
  const [, name, attribute] = /'([^'\n]+)' is undefined|object' has no attribute '([^'\n]+)'/.exec(msg) ?? [];
  return name ?? attribute;
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

function tail(text: string): string[] {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trimEnd());
  return lines.length === 1 && lines[0] === '' ? [] : lines.slice(-mostDetails);
}
