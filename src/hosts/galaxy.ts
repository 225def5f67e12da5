import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { ansibleMissing } from './ansible-error.ts';

/** Folders of installed roles and collections. */
export interface Installed {
  roles: string;
  collections: string;
}

/** Limit of one installation, in milliseconds: ansible-galaxy itself retries servers that do not answer. */
const timeoutMs = 600_000;

/**
 * Installs the roles and collections of a requirements file below `.pipeline/galaxy` of the project, unless those of
 * this exact content are already installed. Two processes may install concurrently; an interrupted installation is
 * ignored later.
 * @param config The ansible.cfg, which may name servers.
 * @throws usage error `ansible.no-requirements`; PipelineError `ansible.requirements` with ansible-galaxy's own reason
 */
export async function installRequirements(
  file: string,
  { projectDir, config, signal }: { projectDir: string; config: string; signal?: AbortSignal },
): Promise<Installed> {
  const content = await readRequirements(file);
  const cache = join(projectDir, '.pipeline', 'galaxy');
  const folder = join(cache, createHash('sha256').update(content).digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const making = join(cache, `.${basename(folder)}-${randomUUID()}`);
    try {
      await install(file, making, { config, signal });
      await rename(making, folder).catch((error: NodeJS.ErrnoException) => {
        // Another process has finished first.
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  return { roles: join(folder, 'roles'), collections: join(folder, 'collections') };
}

async function readRequirements(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw usageError(
      'ansible.no-requirements',
      `ansible.requirements ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      'commit the file or name it in ansible.files, as plays run from a commit of the project; or correct ansible.requirements',
    );
  }
}

/** `ansible-galaxy install` without a path installs both kinds, each into the first folder that is configured for it. */
async function install(file: string, folder: string, { config, signal }: { config: string; signal?: AbortSignal }) {
  const env = {
    ANSIBLE_CONFIG: config,
    ANSIBLE_ROLES_PATH: join(folder, 'roles'),
    ANSIBLE_COLLECTIONS_PATH: join(folder, 'collections'),
    ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
    ANSIBLE_NOCOLOR: '1',
    // Git and ssh must not prompt.
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C.UTF-8',
  };
  await Promise.all(['roles', 'collections', 'tmp'].map((name) => mkdir(join(folder, name), { recursive: true })));
  const result = await execa('ansible-galaxy', ['install', '-r', file], {
    cwd: dirname(file),
    env,
    reject: false,
    stdin: 'ignore',
    all: true,
    timeout: timeoutMs,
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (result.code === 'ENOENT') {
    throw ansibleMissing('ansible-galaxy');
  }
  await rm(join(folder, 'tmp'), { recursive: true, force: true });
  if (result.exitCode === 0) return;
  const lines = result.all.split('\n').filter((line) => line.trim() !== '');
  throw new PipelineError(
    'ansible.requirements',
    `the roles and collections of ${file} could not be installed: ${
      result.timedOut ? `ansible-galaxy did not finish within ${timeoutMs / 60_000} minutes` : failureReason(result.all)
    }`,
    {
      fix: `this computer must reach what ${basename(file)} names; try it: ansible-galaxy install -r ${file}`,
      details: lines.slice(-15),
    },
  );
}

/**
 * Finds the reason of a failed installation in the output of ansible-galaxy. For a role the reason is in a wrapped
 * warning, and the error after it only says that errors can be ignored.
 */
export function failureReason(output: string): string {
  const parts = output
    .split(/^(?=\[WARNING\]: |\[ERROR\]: |ERROR! )/m)
    .map((part) => part.replace(/\s+/g, ' ').trim())
    .filter((part) => part !== '');
  const chosen = parts.find((part) => part.includes('NOT installed')) ?? parts.find((part) => /^\[?ERROR/.test(part));
  return (chosen ?? parts.at(-1) ?? 'no reason given')
    .replace(/^(\[(WARNING|ERROR)\]: |ERROR! )(- )?/, '')
    .slice(0, 800);
}
