import type { Host } from '../../hosts/types.ts';
import { runHostProgram } from '../host-program.ts';
import { releaseRoot } from '../release-root.ts';
import type { Services } from '../services.ts';

/** Kept of an instance's log at most. */
export const mostLines = 500;
export const mostBytes = 256 * 1024;

/** Milliseconds until a host counts as one that does not answer: the rollback waits for it. */
const readMs = 4000;

/** The end of a log. */
export interface ServiceLog {
  from: string;
  /** Oldest first. */
  lines: string[];
  /** There is more before them. */
  cut: boolean;
}

export interface LogWanted {
  /** The log of the environment that is checked beside the one that serves. */
  staging?: boolean;
  /** What was last written longer ago is not about this run, in milliseconds. */
  withinMs?: number;
}

/**
 * Reads the end of the service's log on a host, where the release role or the init puts it: what is older than `withinMs` is left out.
 * @throws as `Hosts.run`; Error that says why there is no log
 */
export async function readServiceLog(
  services: Pick<Services, 'fleet' | 'hosts'>,
  host: Host,
  { staging = false, withinMs }: LogWanted = {},
): Promise<ServiceLog> {
  const { fleet } = services;
  const folder = `${releaseRoot(fleet)}/shared/log`;
  const answer = await runHostProgram<ServiceLog | { problem: string }>(
    services,
    host,
    'service_log.py',
    {
      // A plain playbook has a service of its own, which may log where runit's services usually do.
      files: staging ? [`${folder}/staging.log`] : [`${folder}/current`, `/var/log/${fleet.app}/current`],
      units: staging ? [] : [`${fleet.app}.service`],
      lines: mostLines,
      bytes: mostBytes,
      ...(withinMs !== undefined && { within: Math.ceil(withinMs / 1000) }),
      secrets: `/run/${fleet.app}-secrets/values.json`,
    },
    readMs,
  );
  if ('problem' in answer) throw new Error(answer.problem);
  return answer;
}
