import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import { ansibleMissing } from './ansible-error.ts';
import { checkVariables, inventory, ownAnsibleFolder } from './ansible-files.ts';
import { environment, runGroup } from './ansible-process.ts';
import { createPlaySetup, type PlaySettings, type PlaySetup, releasePlays } from './play-setup.ts';
import type { PlaybookInspection } from './playbook-inspection.ts';
import { inProject, namingProject } from './project-paths.ts';
import { shellQuote } from './quote.ts';
import type { Hosts } from './types.ts';

/** Placeholder for the host of the release: its plays are listed, and it is never contacted. */
const nobody = { instanceId: 'host-of-the-release', address: '192.0.2.1' };

/** Time limit for reading a playbook, in milliseconds. */
const timeoutMs = 120_000;

/** Analyzes playbooks with the programs, settings, inventory and variables of a play, without contacting a host. */
export function createInspect(settings: {
  ssh: Fleet['ssh'];
  ansible?: PlaySettings;
  projectDir: string;
  runDir: string;
  clock: Clock;
}): Hosts['inspect'] {
  const { ssh, ansible = releasePlays, projectDir, runDir, clock } = settings;
  const setupOf = createPlaySetup({ ansible, projectDir, become: ssh.become });

  const inspect: Hosts['inspect'] = async (playbook, variables, { signal, projectDir: checkout } = {}) => {
    checkVariables(variables);
    if (!existsSync(playbook)) throw usageError('ansible.no-playbook', `playbook ${playbook} does not exist`);
    signal?.throwIfAborted();
    const setup = await setupOf(playbook, { signal, checkout });
    const folder = await mkdtemp(join(runDir, 'look-'));
    try {
      const path = (name: string) => join(folder, name);
      await Promise.all([
        mkdir(path('tmp'), { mode: 0o700 }),
        writeFile(path('inventory.json'), inventory(nobody, ssh, ansible), { mode: 0o600 }),
        writeFile(path('variables.json'), JSON.stringify(variables), { mode: 0o600 }),
        writeFile(path('pipeline-look'), ''),
      ]);
      const result = await runGroup(
        clock,
        [
          ...['-i', path('inventory.json'), '-i', path('pipeline-look')],
          ...['--extra-vars', `@${path('variables.json')}`, ...setup.argv, '--list-tasks', playbook],
        ],
        {
          cwd: dirname(playbook),
          env: {
            ...environment(folder, '', setup.config, []),
            ...setup.env,
            ANSIBLE_INVENTORY_PLUGINS: join(ownAnsibleFolder(), 'look_plugins'),
            ANSIBLE_INVENTORY_ENABLED: 'pipeline_look,yaml',
            PIPELINE_LOOK_FILE: path('look.json'),
          },
        },
        timeoutMs,
        signal,
      );
      if (result.missing) throw ansibleMissing('ansible-playbook');
      if (result.stopped === 'signal') throw signal?.reason;
      if (result.exitCode !== 0) throw unreadable(playbook, setup, result);
      return withNames(await readInspection(path('look.json'), playbook, result), { checkout, projectDir });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return (playbook, variables, options) =>
    namingProject({ checkout: options?.projectDir, projectDir }, () => inspect(playbook, variables, options));
}

/**
 * Locations of tasks are printed, so they name files of the project; folders of roles are compared, so they stay
 * unchanged.
 */
function withNames(
  { plays }: PlaybookInspection,
  names: { checkout?: string; projectDir: string },
): PlaybookInspection {
  return {
    plays: plays.map((play) => ({
      ...play,
      tasks: play.tasks.map((task) => ({ ...task, at: inProject(task.at, names) })),
    })),
  };
}

/** A playbook that Ansible itself refuses: a missing role, a syntax error. */
function unreadable(
  playbook: string,
  { config, argv, env }: PlaySetup,
  { stdout, stderr }: { stdout: string; stderr: string },
): PipelineError {
  const lines = (stderr.trim() || stdout.trim()).split('\n').map((line) => line.trimEnd());
  const syntax = lines.findIndex((line) => line.startsWith('Syntax Error while loading YAML'));
  const error = lines.find((line) => /^(ERROR!|\[?ERROR)/.test(line)) ?? lines[0] ?? '';
  // Ansible tries JSON first, and its message begins with that error.
  const said = syntax < 0 ? error : `it is not valid YAML: ${lines[syntax + 1]?.trim()}`;
  const variables = Object.entries({ ANSIBLE_CONFIG: config, ...env }).map(
    ([name, value]) => `${name}=${shellQuote(value)}`,
  );
  return usageError(
    'ansible.bad-playbook',
    `Ansible cannot read ${basename(playbook)}: ${said.replace(/^ERROR! |^\[ERROR\]: /, '')}`,
    `try it: ${[...variables, 'ansible-playbook', ...[...argv, '--list-tasks', playbook].map(shellQuote)].join(' ')}`,
    lines
      .slice(syntax < 0 ? 0 : syntax + 2)
      .filter((line) => line !== error && line.trim() !== '')
      .slice(0, 12),
  );
}

async function readInspection(
  file: string,
  playbook: string,
  { stderr }: { stderr: string },
): Promise<PlaybookInspection> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PlaybookInspection;
  } catch (cause) {
    throw new PipelineError('ansible.not-inspected', `Ansible did not list the tasks of ${basename(playbook)}`, {
      fix: 'use ansible-core 2.14 or newer; your version: ansible-playbook --version',
      details: stderr.trim().split('\n').slice(-12),
      cause,
    });
  }
}
