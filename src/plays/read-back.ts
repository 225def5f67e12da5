import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { releaseRoot } from '../fleet/release-root.ts';
import type { ContextWith } from '../fleet/services.ts';
import type { Host, ReleaseAction } from '../hosts/types.ts';
import type { BuildFacts } from './facts.ts';

type Context = ContextWith<BuildFacts>;

/** What a host should have after an action, and what it has. */
interface Difference {
  expected: string;
  found: string;
}

/** Resolves with nothing where the host is as it should be. */
type Check = (context: Context, host: Host) => Promise<Difference | undefined>;

const checks: Record<ReleaseAction, Check[]> = {
  stage: [isBuilt],
  activate: [isBuilt, (context, host) => isCurrent(context, host, context.state.version)],
  clean: [isClean],
  revert: [(context, host) => isCurrent(context, host, context.state.current.version)],
  unstage: [isRemoved],
};

/**
 * Reads over SSH what an action has left on the host. A playbook can end without an error and have done nothing: its role is skipped
 * by a tag or a condition, or it runs in check mode.
 * @throws PipelineError `ansible.not-applied` with what was expected and what is there
 */
export async function readBack(context: Context, host: Host, action: ReleaseAction): Promise<void> {
  for (const check of checks[action]) {
    const difference = await check(context, host);
    if (!difference) continue;
    const playbook = path.basename(context.services.fleet.ansible.playbook);
    throw new PipelineError(
      'ansible.not-applied',
      `${playbook} finished without an error, but did not ${action} ${context.state.version} on ${host.instanceId}: expected ${difference.expected}, found ${difference.found}`,
      {
        fix: `have ${playbook} apply the release role with release_action=${action}: no tag or condition that skips it, no check mode`,
      },
    );
  }
}

/** The release's folder is complete, and of this very commit. */
async function isBuilt(context: Context, host: Host): Promise<Difference | undefined> {
  const { fleet } = context.services;
  const { version, commit } = context.state;
  const file = `${releaseRoot(fleet)}/releases/${version}/release.json`;
  const { text, problem } = await readHost(context, host, ['cat', file]);
  if (text !== undefined && isRelease(text, { app: fleet.app, version, commit })) return undefined;
  return {
    expected: `${file} with app ${fleet.app}, version ${version}, commit ${commit}`,
    found: text === undefined ? nothing(problem) : text.slice(0, 300) || 'an empty file',
  };
}

function isRelease(text: string, wanted: Record<string, string>): boolean {
  try {
    const found = JSON.parse(text) as Record<string, unknown> | null;
    return Object.entries(wanted).every(([key, value]) => found?.[key] === value);
  } catch {
    return false;
  }
}

/** `current` names the version; without one there is no such link. */
async function isCurrent(context: Context, host: Host, version: string | undefined): Promise<Difference | undefined> {
  const found = await readCurrent(context, host);
  if (found === version) return undefined;
  const link = `${releaseRoot(context.services.fleet)}/current`;
  return {
    expected: version === undefined ? `no ${link}` : `${link} to name ${version}`,
    found: found ?? nothing(),
  };
}

/** The release's folder is gone, unless it is what serves, or another run built it: then it is not this run's to remove. */
async function isRemoved(context: Context, host: Host): Promise<Difference | undefined> {
  const { version } = context.state;
  const folder = `${releaseRoot(context.services.fleet)}/releases`;
  const { text = '' } = await readHost(context, host, ['ls', '-A', folder]);
  if (!text.split('\n').includes(version) || (await readCurrent(context, host)) === version) return undefined;
  const { text: builtBy } = await readHost(context, host, ['cat', `${folder}/${version}/.release-run`]);
  if (builtBy !== context.run.id) return undefined;
  return { expected: `no ${folder}/${version}`, found: 'that folder' };
}

/** The host has no SSH host keys any more: they go with all else that is nobody's in an image. */
export async function isClean(context: Context, host: Host): Promise<Difference | undefined> {
  try {
    const { text = '' } = await readHost(context, host, ['ls', '-A', '/etc/ssh']);
    const keys = text.split('\n').filter((name) => name.startsWith('ssh_host_'));
    return keys.length === 0 ? undefined : { expected: 'no host keys in /etc/ssh', found: keys.join(', ') };
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'ssh.unreachable') throw error;
    // A clean host lets nobody in; only the connection that the play has left open can still ask.
    context.note(`could not check whether ${host.instanceId} is clean: ${error.message}`);
    return undefined;
  }
}

/** The version that `current` names on the host; undefined where there is no such link. */
export async function readCurrent(context: Context, host: Host): Promise<string | undefined> {
  const { text } = await readHost(context, host, ['readlink', `${releaseRoot(context.services.fleet)}/current`]);
  return text && path.basename(text);
}

/**
 * What a program prints, or why it failed. What the role writes can be read by everybody on most hosts; where it cannot, root reads it.
 * @throws PipelineError `ssh.unreachable`
 */
export async function readHost(
  { services: { hosts, fleet } }: Context,
  host: Host,
  program: string[],
): Promise<{ text?: string; problem?: string }> {
  let problem: string | undefined;
  for (const user of fleet.ssh.become ? [[], ['sudo', '-n']] : [[]]) {
    try {
      return { text: (await hosts.run(host, [...user, ...program])).trim() };
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'ssh.failed') throw error;
      problem ??= error.details.findLast((line) => line.trim() !== '');
    }
  }
  return { problem };
}

const nothing = (problem?: string) => (problem ? `nothing (${problem})` : 'nothing');
