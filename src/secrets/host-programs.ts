import { PipelineError } from '@golden-pipeline/shared/errors';
import { releaseRoot } from '../fleet/release-root.ts';
import type { Services } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';

type Ports = Pick<Services, 'fleet' | 'hosts'>;

/** What the program of the release that serves does with the values in the host's memory (ansible/roles/release/files/host_secrets.py). */
type SecretsAction = 'refresh' | 'restore' | 'forget' | 'restart';

/** Reading and starting takes seconds; the rest is for a store that throttles. */
const timeoutMs = 120_000;

function program({ fleet }: Ports, action: SecretsAction, ...words: string[]): string[] {
  const folder = `${releaseRoot(fleet)}/current`;
  const user = fleet.ssh.become ? ['sudo', '-n'] : [];
  return [...user, '/usr/bin/python3', '-I', `${folder}/.release-secrets.py`, action, folder, ...words];
}

/** Runs the program on a host and gives what it printed. @throws PipelineError `ssh.failed` with its own words, which hold no value */
export async function onHost(ports: Ports, host: Host, action: SecretsAction, run?: string): Promise<unknown> {
  const printed = await ports.hosts.run(host, program(ports, action, ...(run === undefined ? [] : [run])), {
    timeoutMs,
  });
  return JSON.parse(printed);
}

/** Names of the secrets of the release that a host serves; none when it was released without. */
export async function namesOnHost({ fleet, hosts }: Ports, host: Host): Promise<string[]> {
  const user = fleet.ssh.become ? ['sudo', '-n'] : [];
  const file = `${releaseRoot(fleet)}/current/.release-secrets.json`;
  try {
    const { references } = JSON.parse(await hosts.run(host, [...user, 'cat', file])) as { references: object };
    return Object.keys(references);
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'ssh.failed') return [];
    throw error;
  }
}
