import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, usageError } from '@golden-pipeline/shared/errors';
import { cleanPathProblem, cleanSettings, sharedNameProblem } from '../config/clean-paths.ts';
import type { Fleet } from '../config/settings.ts';
import { releaseRoot } from '../fleet/release-root.ts';
import type { Services } from '../fleet/services.ts';
import { ownAnsibleFolder } from '../hosts/ansible-files.ts';
import type { PlaybookInspection } from '../hosts/playbook-inspection.ts';
import type { Host } from '../hosts/types.ts';

/** What else of one host is removed before an image is made, and what of the rest stays, as the release role is going to see it. */
export type CleanLists = Required<Fleet['release']['clean']>;

/** What the configuration gives the release role; where it says nothing, the value of the role counts. */
export function cleanVariables({ release: { clean } }: Pick<Fleet, 'release'>): Record<string, string[]> {
  const given = Object.entries(cleanSettings).map(([key, variable]) => [variable, clean[key as keyof CleanLists]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/**
 * The lists of a playbook, its app role's own values included. A plain playbook has those of the configuration.
 * @throws usage error `release.clean` naming a value that may not be removed, or a name of nothing that is removed by default
 */
export async function cleanLists(fleet: Pick<Fleet, 'release'>, inspection?: PlaybookInspection): Promise<CleanLists> {
  const seen = inspection?.plays
    .flatMap(({ tasks }) => tasks)
    .find((task) => task.variables && cleanSettings.paths in task.variables)?.variables;
  const lists = Object.fromEntries(
    Object.entries(cleanSettings).map(([key, variable]) => [
      key,
      fleet.release.clean[key as keyof CleanLists] ?? parse(variable, seen?.[variable]),
    ]),
  ) as CleanLists;
  const { identity, shared } = await defaults();
  const names = [...identity.map((rule) => rule.name), ...shared];
  assertEach(cleanSettings.paths, lists.paths, cleanPathProblem);
  assertEach(cleanSettings.madeAtBoot, lists.madeAtBoot, cleanPathProblem);
  assertEach(cleanSettings.shared, lists.shared, sharedNameProblem);
  assertEach(cleanSettings.keep, lists.keep, (name) =>
    names.includes(name) ? undefined : `one of ${names.join(', ')}`,
  );
  return lists;
}

/** What cleaning would take from a host that a boot does not make again; or why that is not known. */
export type Loses = { lines: string[] } | { unknown: string };

/**
 * Asks a host, and changes nothing there. Hosts of one image have the same.
 * @throws usage error `release.clean` naming what a pattern matches there that may not be removed
 */
export async function losesOn(
  { fleet, hosts }: Pick<Services, 'fleet' | 'hosts'>,
  host: Host | undefined,
  lists: CleanLists,
): Promise<Loses> {
  if (!host) return { unknown: 'no host of the fleet could be queried' };
  const { paths, madeAtBoot, shared, keep } = lists;
  const settings = { ...(await defaults()), paths, made_at_boot: madeAtBoot, shared_names: shared, keep };
  const user = fleet.ssh.become ? ['sudo', '-n'] : [];
  const program = await readFile(file('clean.py'), 'utf8');
  const argv = [...user, '/usr/bin/python3', '-c', program, releaseRoot(fleet), JSON.stringify(settings), '--list'];
  let text: string;
  try {
    text = await hosts.run(host, argv, { timeoutMs: 15_000 });
  } catch (error) {
    return { unknown: messageOf(error) };
  }
  const told = (word: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(word) ? [line.slice(word.length)] : []));
  const wrong = told('wrong: ');
  if (wrong.length > 0) {
    throw usageError(
      'release.clean',
      `release.clean would remove files that do not belong to this host only: ${wrong[0]}`,
      'name files of this host only, in release.clean or in the variables of the app role',
      wrong,
    );
  }
  return { lines: told('lost: ') };
}

/** What happens to the bake instance after the image, for the plan. */
export function describeReturn(loses: Loses | undefined, returns: string): string[] {
  if (!loses || ('lines' in loses && loses.lines.length === 0)) return [returns];
  if ('unknown' in loses) {
    return [returns, `it is terminated instead when it loses what a boot does not make again: ${loses.unknown}`];
  }
  return [
    'the host is terminated after the image, and the group launches another: it loses what a boot does not make again:',
    ...loses.lines.map((line) => `  ${line}`),
  ];
}

function parse(variable: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  } catch {
    // Not even a list.
  }
  throw usageError('release.clean', `${variable} of the app role is ${text}, expected a list of texts`);
}

function assertEach(variable: string, values: string[], problemOf: (value: string) => string | undefined): void {
  for (const value of values) {
    const expected = problemOf(value);
    if (expected === undefined) continue;
    throw usageError('release.clean', `${variable} has ${JSON.stringify(value)}, expected ${expected}`);
  }
}

const file = (name: string) => path.join(ownAnsibleFolder(), 'roles/release/files', name);

async function defaults(): Promise<{ identity: { name: string }[]; shared: string[] }> {
  return JSON.parse(await readFile(file('identity.json'), 'utf8'));
}
