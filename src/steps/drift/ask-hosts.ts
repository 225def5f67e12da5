import path from 'node:path';
import pMap from 'p-map';
import type { Host } from '../../hosts/types.ts';
import type { Services } from '../services.ts';
import { releaseRoot } from '../support/release-root.ts';

/** So many hosts are asked: enough to show what a person has done by hand, and cheap in a large fleet. */
export const hostsAsked = 8;
/** How long one may take, in milliseconds. */
const answerMs = 10_000;

/** The version that a host serves, by its own link `current`; undefined when it does not say. */
export async function askHost(services: Pick<Services, 'hosts' | 'fleet'>, host: Host): Promise<string | undefined> {
  const link = await readOnHost(services, host, ['readlink', `${releaseRoot(services.fleet)}/current`]);
  return link === undefined ? undefined : path.basename(link);
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
    async (host) => [host.instanceId, await askHost(services, host)] as const,
    { concurrency: hostsAsked },
  );
  return new Map(answers.flatMap(([id, version]) => (version === undefined ? [] : [[id, version]])));
}
