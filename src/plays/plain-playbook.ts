import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { showingTests } from '../config/shows-release.ts';
import { isTimeout } from '../engine/poll.ts';
import { releaseRoot } from '../fleet/release-root.ts';
import { type ContextWith, times } from '../fleet/services.ts';
import { ownAnsibleFolder, plainPlaybook } from '../hosts/ansible-files.ts';
import type { Host, TaskChange } from '../hosts/types.ts';
import { cleanVariables } from './clean.ts';
import type { PlainFacts, PlaybookFacts } from './facts.ts';
import { keepLost } from './lost-identity.ts';
import { plainVariables } from './plain-variables.ts';
import { projectFiles } from './project-files.ts';
import { isClean, readHost } from './read-back.ts';

type Context = ContextWith<PlainFacts>;

/** Of all hosts; the inventory names the same one (hosts/ansible-files.ts). */
const python = '/usr/bin/python3';
/** Says where the services of a host listen, where that is not every address. */
const instanceEnv = '/run/pipeline/instance.env';
/** For one round of questions to the service on its host, in milliseconds. */
const askMs = 30_000;
/** How long a service that answers may go on to show another release: what restarts it may not wait for it, in milliseconds. */
const otherReleaseMs = 30_000;

/** True for a run whose playbook does not apply the release role. Journals from before there was a choice say nothing. */
export function isPlain({ kind }: PlaybookFacts): boolean {
  return kind === 'plain';
}

/** Puts the commit's files on the host, in place of those of an earlier one. */
export async function unpackSource(context: Context, host: Host, archive: string): Promise<void> {
  await context.change({ action: 'unpack-source', target: host.instanceId }, () =>
    play(context, host, plainPlaybook(), { more: { plain_action: 'source', release_archive: archive } }),
  );
}

/** Runs the app's playbook on the host, as a whole. @throws PipelineError as `Hosts.play` */
export async function runPlaybook(context: Context, host: Host): Promise<void> {
  const { playbook, projectDir } = await projectFiles(context, 'stage');
  await context.change(
    { action: 'run-playbook', target: host.instanceId, data: { playbook: path.basename(playbook) } },
    () => play(context, host, playbook, { projectDir }),
  );
}

/** Removes identity and secrets, by the pipeline's own play: the app's playbook knows nothing of it. */
export async function cleanHost(context: Context, host: Host): Promise<void> {
  await context.change({ action: 'clean-host', target: host.instanceId }, () => playClean(context, host));
}

/** The play of {@link cleanHost}, for a change that is journaled by others. */
export async function playClean(context: Context, host: Host): Promise<void> {
  let changes: TaskChange[] = [];
  try {
    await play(context, host, plainPlaybook(), {
      more: { plain_action: 'clean', ...cleanVariables(context.services.fleet) },
      onChanges: (made) => {
        changes = made;
      },
    });
  } finally {
    await keepLost(context, changes);
  }
  const difference = await isClean(context, host);
  if (!difference) return;
  throw new PipelineError(
    'ansible.not-applied',
    `${host.instanceId} was not cleaned: expected ${difference.expected}, found ${difference.found}`,
  );
}

async function play(
  context: Context,
  host: Host,
  playbook: string,
  {
    more,
    ...options
  }: { more?: Omit<Extras, 'run'>; projectDir?: string; onChanges?: (made: TaskChange[]) => void } = {},
) {
  const { fleet, hosts } = context.services;
  await hosts.play(host, playbook, plainVariables(fleet, context.state, { run: context.run.id, ...more }), {
    timeoutMs: fleet.release.timeouts.ansible * 1000,
    onTask: (task) => context.progress(task.name),
    signal: context.signal,
    ...options,
  });
}

type Extras = NonNullable<Parameters<typeof plainVariables>[2]>;

/** What the host's service answers that it should not; nothing when it answers as this release must. */
type Answer = { kind?: 'down' | 'other'; problem?: string };

/**
 * Waits until the service on the host is healthy and shows this release, by the smoke tests that name it, asked on its own port.
 * @throws PipelineError `host.unhealthy` when it is not healthy in time; `ansible.not-applied` when it is, with another release
 */
export async function waitServes(context: Context, host: Host): Promise<void> {
  const { fleet } = context.services;
  const { version } = context.state;
  const argv = [python, '-c', await program('answers.py'), JSON.stringify(questions(context))];
  let last: Answer = {};
  let otherSince: number | undefined;
  try {
    await context.poll({
      what: `the service on ${host.instanceId} to show ${version}`,
      read: async () => {
        last = await ask(context, host, argv);
        return last;
      },
      until: ({ kind, problem }) => {
        otherSince = kind === 'other' ? (otherSince ?? context.clock.now()) : undefined;
        if (otherSince !== undefined && context.clock.now() - otherSince >= otherReleaseMs)
          throw notApplied(context, host, problem);
        return kind === undefined;
      },
      progress: ({ problem }) => context.progress(problem ?? `the service shows ${version}`),
      ...times(fleet, 'health'),
    });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    if (last.kind === 'other') throw notApplied(context, host, last.problem);
    throw new PipelineError(
      'host.unhealthy',
      `${path.basename(fleet.ansible.playbook)} finished without an error, but the service on ${host.instanceId} is not healthy after ${fleet.release.timeouts.health} s: ${last.problem}`,
      {
        fix: `the playbook must leave the service started on port ${fleet.service.port}; it needs longer: release.timeouts.health`,
      },
    );
  }
}

/** A host that cannot be reached for a moment, as a playbook may have restarted its network, is queried again. */
async function ask({ services: { hosts } }: Context, host: Host, argv: string[]): Promise<Answer> {
  try {
    return JSON.parse(await hosts.run(host, argv, { timeoutMs: askMs })) as Answer;
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'ssh.unreachable') throw error;
    return { kind: 'down', problem: error.message };
  }
}

function notApplied({ services: { fleet }, state }: Context, host: Host, problem: string | undefined): PipelineError {
  const playbook = path.basename(fleet.ansible.playbook);
  return new PipelineError(
    'ansible.not-applied',
    `${playbook} finished without an error, but the service on ${host.instanceId} does not show ${state.version}: ${problem}`,
    {
      fix: `have ${playbook} put the files of release_source in place, tell the service release_version or release_commit, and restart it`,
    },
  );
}

/** As the balancer would ask: for the same name, and with the protocol of its listener. */
function questions({ services: { fleet }, state: { url, version, commit } }: Context) {
  const { host, protocol } = new URL(url);
  return {
    port: fleet.service.port,
    instance_env: instanceEnv,
    headers: { Host: host, 'X-Forwarded-Proto': protocol.slice(0, -1) },
    checks: [
      { path: fleet.service.healthPath, status: 200 },
      ...showingTests(fleet).map((test) => ({
        path: test.path,
        status: test.status,
        contains: test.contains?.replaceAll('{version}', version).replaceAll('{commit}', commit),
      })),
    ],
  };
}

/** Writes on the host which release it carries, once that has been seen to serve there. */
export async function recordRelease(context: Context, host: Host): Promise<void> {
  const { hosts } = context.services;
  const argv = [python, '-c', await program('record.py'), recordFile(context), JSON.stringify(recordOf(context))];
  await context.change({ action: 'record-release', target: host.instanceId }, async () => {
    await hosts.run(host, [...asRoot(context), ...argv], { timeoutMs: askMs });
  });
}

/**
 * That the host which becomes an image is the one that this run has built and seen to serve.
 * @throws PipelineError `ansible.not-applied`
 */
export async function assertRecord(context: Context, host: Host): Promise<void> {
  const wanted = JSON.stringify(recordOf(context));
  const { text, problem } = await readHost(context, host, ['cat', recordFile(context)]);
  if (text === wanted) return;
  throw new PipelineError(
    'ansible.not-applied',
    `${host.instanceId} does not carry what this run has built: expected ${recordFile(context)} to be ${wanted}, found ${text ?? `nothing (${problem})`}`,
  );
}

const recordFile = ({ services: { fleet } }: Context) => `${releaseRoot(fleet)}/plain-release.json`;

function recordOf({ services: { fleet }, state: { version, commit, project }, run }: Context) {
  return { app: fleet.app, version, commit, run: run.id, project_commit: project?.commit };
}

const asRoot = ({ services: { fleet } }: Context) => (fleet.ssh.become ? ['sudo', '-n'] : []);

function program(name: string): Promise<string> {
  return readFile(path.join(ownAnsibleFolder(), 'roles/plain/files', name), 'utf8');
}
