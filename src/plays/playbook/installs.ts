import { messageOf } from '@golden-pipeline/shared/errors';
import type { Services } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';
import type { Installer } from './evaluate.ts';

/** How long the host may take to answer, in milliseconds. */
const timeoutMs = 15_000;

/**
 * Why roles of the pipeline would, or may, install something on the host, a line each. They ask the host as these do, before anything
 * is planned: a Node that is too old is replaced under the service that runs on it.
 */
export async function installsOn(
  services: Pick<Services, 'fleet' | 'hosts'>,
  host: Host | undefined,
  installers: readonly Installer[],
): Promise<string[]> {
  const found = await Promise.all(installers.map((installer) => reasonOf(services, host, installer)));
  return found.filter((reason) => reason !== undefined);
}

async function reasonOf(
  services: Pick<Services, 'fleet' | 'hosts'>,
  host: Host | undefined,
  { role, variables }: Installer,
): Promise<string | undefined> {
  const { variable, name, ask, suffices } = roles[role];
  const wanted = variables?.[variable];
  if (wanted === undefined)
    return `role ${role}: whether it installs ${name} is not known, as ${variable} is known only while it runs`;
  if (!host) return `role ${role}: whether it installs ${name} is not known, as no host of the fleet could be queried`;
  try {
    // The role sees the programs of this user.
    const user = services.fleet.ssh.become ? ['sudo', '-n'] : [];
    const answer = (await services.hosts.run(host, [...user, ...ask], { timeoutMs })).trim();
    return suffices(answer, wanted)
      ? undefined
      : `role ${role} would install ${name} ${wanted}: ${host.instanceId} has ${answer || 'none'}`;
  } catch (error) {
    return `role ${role}: whether it installs ${name} is not known: ${messageOf(error)}`;
  }
}

/** What the roles ask a host before they install, and by which variable they decide (ansible/roles/<role>/tasks/main.yml). */
const roles: Record<
  Installer['role'],
  { variable: string; name: string; ask: string[]; suffices(answer: string, wanted: string): boolean }
> = {
  node: {
    variable: 'node_major',
    name: 'Node',
    ask: ['node', '--version'],
    suffices: (answer, wanted) => isAtLeast(/^v(\d+)/.exec(answer)?.[1], wanted),
  },
  python: {
    variable: 'python_minimum',
    name: 'Python',
    ask: ['python3', '-c', 'import sys, venv; print("%d.%d" % sys.version_info[:2])'],
    suffices: (answer, wanted) => isAtLeast(answer, wanted),
  },
  ruby: {
    variable: 'ruby_minimum',
    name: 'Ruby',
    ask: ['ruby', '-e', 'require "bundler"; puts RUBY_VERSION'],
    suffices: (answer, wanted) => isAtLeast(answer, wanted),
  },
};

/** Compares versions of numbers and dots; what is none is not enough. */
function isAtLeast(found: string | undefined, wanted: string): boolean {
  const [has, needs] = [found ?? '', wanted.trim()].map((text) =>
    /^\d+(\.\d+)*$/.test(text) ? text.split('.').map(Number) : undefined,
  );
  if (!has || !needs) return false;
  for (const [index, part] of needs.entries()) {
    const own = has[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
