import path from 'node:path';
import pMap from 'p-map';
import type { Host } from '../../hosts/types.ts';
import { compareVersions } from '../../shared/version.ts';
import { releaseRoot } from '../release-root.ts';
import type { Services } from '../services.ts';

/** So many hosts are queried: enough to show what a person has done by hand, and cheap in a large fleet. */
export const hostsAsked = 8;
/** How long one may take, in milliseconds. */
const answerMs = 10_000;

/** What a host says that it serves. */
export interface HostRelease {
  version: string;
  /** Full id, where the host says it, too. */
  commit?: string;
}

/**
 * What a host serves, by its own link `current` or by what a plain playbook's release has written; undefined when it does not say. A
 * host has both where a fleet changed from one kind to the other: versions only rise, so the higher one is the later.
 */
export async function askHost(
  services: Pick<Services, 'hosts' | 'fleet'>,
  host: Host,
): Promise<HostRelease | undefined> {
  const root = releaseRoot(services.fleet);
  const [link, record] = await Promise.all([
    readOnHost(services, host, ['readlink', `${root}/current`]),
    readOnHost(services, host, ['cat', `${root}/plain-release.json`]).then(parseRelease),
  ]);
  const linked = link === undefined ? undefined : { version: path.basename(link) };
  if (record && (!linked || compareVersions(record.version, linked.version) > 0)) return record;
  return linked;
}

/** A record of a release as it is on a host; undefined for what is none. */
export function parseRelease(text: string | undefined): HostRelease | undefined {
  try {
    const { version, commit } = JSON.parse(text ?? '') as Record<string, unknown>;
    if (typeof version !== 'string') return undefined;
    return { version, ...(typeof commit === 'string' && { commit }) };
  } catch {
    return undefined;
  }
}

/** What a program prints on a host, by root where the login user may not read it; undefined for nothing, or when it fails. */
export async function readOnHost(
  { hosts, fleet }: Pick<Services, 'hosts' | 'fleet'>,
  host: Host,
  argv: readonly string[],
): Promise<string | undefined> {
  for (const user of fleet.ssh.become ? [[], ['sudo', '-n']] : [[]]) {
    try {
      const text = (await hosts.run(host, [...user, ...argv], { timeoutMs: answerMs })).trim();
      if (text !== '') return text;
    } catch {
      // Whether a host that does not answer is healthy is seen elsewhere.
    }
  }
  return undefined;
}

/** Asks some of the hosts at once; those that did not answer are left out. */
export async function askHosts(
  services: Pick<Services, 'hosts' | 'fleet'>,
  hosts: readonly Host[],
): Promise<Map<string, string>> {
  const answers = await pMap(
    hosts.slice(0, hostsAsked),
    async (host) => [host.instanceId, (await askHost(services, host))?.version] as const,
    { concurrency: hostsAsked },
  );
  return new Map(answers.flatMap(([id, version]) => (version === undefined ? [] : [[id, version]])));
}
