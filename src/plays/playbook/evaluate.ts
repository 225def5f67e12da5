import { basename } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import type { PlaybookInspection, TaskInspection } from '../../hosts/playbook-inspection.ts';
import { harmless } from './harmless.ts';
import { differenceToOwn, type OwnRole, ownRole } from './own-role.ts';

/** How the project declares its playbook: `release` applies the pipeline's role of that name, `plain` is any other. */
export type PlaybookKind = 'release' | 'plain';

/** A role of the pipeline that installs something where the host lacks it, with the variables that say what; absent values are unknown. */
export interface Installer {
  role: Exclude<OwnRole, 'release'>;
  variables?: Record<string, string>;
}

/** What a playbook means for a release. */
export interface Evaluation {
  /** Whether it applies the release role; undefined where only its run can tell, as it includes what is named by a variable. */
  appliesRelease: boolean | undefined;
  /** Why it may not run on a host that serves, a line each; empty when it may. */
  reasons: string[];
  installers: Installer[];
}

/** Evaluates a playbook by what it holds: on a host that serves run only roles of the pipeline, and modules that change nothing. */
export async function evaluatePlaybook(inspection: PlaybookInspection): Promise<Evaluation> {
  const tasks = inspection.plays.flatMap((play) => play.tasks);
  const differences = new Map<string, string | undefined>();
  const isOwn = async ({ role, folder = '', entry }: TaskInspection): Promise<OwnRole | undefined> => {
    const own = ownRole(role);
    // A part of a role goes past what its `main` asks first: which action it is, and whether the host lacks anything.
    if (!own || entry !== undefined) return undefined;
    if (!differences.has(folder)) differences.set(folder, await differenceToOwn(own, folder));
    return differences.get(folder) === undefined ? own : undefined;
  };
  const foreign = new Map<string, TaskInspection[]>();
  const installers = new Map<string, Installer>();
  for (const task of tasks) {
    const own = await isOwn(task);
    if (own !== undefined && own !== 'release') {
      const { variables } = task;
      installers.set(JSON.stringify([own, variables]), { role: own, ...(variables && { variables }) });
    }
    if (own || harmless(task)) continue;
    const of = task.role === undefined ? '' : `${task.role}\n${task.folder}\n${task.entry ?? ''}`;
    foreign.set(of, [...(foreign.get(of) ?? []), task]);
  }
  const applied = tasks.some((task) => ownRole(task.role) === 'release' && task.entry === undefined);
  const open = tasks.some((task) => task.includes !== undefined);
  return {
    appliesRelease: applied || (open ? undefined : false),
    reasons: [...foreign].map(([of, found]) => reason(found, differences.get(of.split('\n')[1] ?? ''))),
    installers: [...installers.values()],
  };
}

/**
 * Refuses a playbook that neither applies the release role nor is declared to be of another kind: it would change hosts that serve.
 * @throws usage error `ansible.no-release-role`
 */
export function assertReleaseRole(playbook: string, { appliesRelease }: Evaluation, kind: PlaybookKind): void {
  if (kind !== 'release' || appliesRelease !== false) return;
  const name = basename(playbook);
  throw usageError(
    'ansible.no-release-role',
    `${name} does not apply the release role, so it would build nothing beside what serves, and change the host itself`,
    `have ${name} apply the role \`release\` (\`pipeline init\` writes such a playbook), or declare it in pipelines/*.ts: ansible: { playbook, kind: 'plain' } (golden-pipeline/docs/plain-playbooks.md)`,
  );
}

/** Why tasks of one role, or outside of roles, may not run on a host that serves. */
function reason(tasks: TaskInspection[], difference: string | undefined): string {
  const [{ role, at, entry }] = tasks as [TaskInspection];
  const handlers = tasks.filter((task) => task.handler).length;
  const includes = tasks.filter((task) => task.includes !== undefined);
  const counts = [
    ...count(tasks.length - handlers - includes.length, 'task'),
    ...count(handlers, 'handler'),
    ...count(includes.length, 'include'),
  ].join(', ');
  const first = describe(tasks[0] as TaskInspection);
  if (role === undefined) return `outside of roles: ${counts}: ${first} (${at})`;
  if (difference !== undefined) return `role ${role} is not the pipeline's own: ${difference} differs (${at})`;
  return `role ${role}${entry === undefined ? '' : `, ${entry} alone`}: ${counts}: ${first} (${at})`;
}

function describe({ name, module, includes }: TaskInspection): string {
  if (includes !== undefined)
    return `${short(module)} of ${includes || 'an unknown name'}, which is known only while it runs`;
  return name === '' ? module : `"${name}" (${module})`;
}

const short = (module: string) => module.split('.').at(-1) ?? module;

const count = (n: number, what: string) => (n === 0 ? [] : [`${n} ${what}${n === 1 ? '' : 's'}`]);
