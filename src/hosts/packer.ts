import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { ansibleConfig, ownAnsibleFolder } from './ansible-files.ts';

/** Inputs of one `packer build`. */
export interface PackerBuild {
  /** A checkout of the project. */
  projectDir: string;
  /** The commit of the checkout, passed to a template with a variable `project_commit`. */
  projectCommit: string;
  /** Private folder for Packer's and Ansible's own files. */
  workDir: string;
  /** Values of the template's variables; they are visible in the process list, so they must not contain secrets. */
  variables: Record<string, string>;
  /** Credentials; by default those of the environment. */
  env: Record<string, string>;
  /** Called with each line of Packer's output. */
  onLine: (line: string) => void;
  /** Stops the build; Packer first terminates the builder and deletes key and security group. */
  signal?: AbortSignal;
}

/** How long Packer may clean up after an interrupt, in milliseconds; it waits for the builder to terminate. */
const cleanUpMs = 180_000;

/**
 * Runs `packer build` with the project's own template, or the package's when it has none.
 * @throws usage error `packer.missing`; PipelineError `packer.failed` with the last lines of its output,
 * `packer.not-cleaned`; the reason of `signal` once Packer has cleaned up.
 */
export async function packerBuild(request: PackerBuild): Promise<void> {
  const { projectDir, projectCommit, workDir, env, onLine } = request;
  const playbook = projectFile(projectDir, 'ansible', 'base.yml');
  const given = { ...request.variables, playbook, ansible_config: ansibleConfig(projectDir, playbook) };
  const words = Object.entries(given).flatMap(([name, value]) => ['-var', `${name}=${value}`]);
  await mkdir(join(workDir, 'tmp'), { recursive: true, mode: 0o700 });
  request.signal?.throwIfAborted();
  const child = execa(
    'packer',
    ['build', '-color=false', ...words, dirname(projectFile(projectDir, 'packer', 'base.pkr.hcl'))],
    {
      reject: false,
      all: true,
      buffer: false,
      stdin: 'ignore',
      cwd: workDir,
      // A process group of its own, so that a Ctrl-C reaches it only once, when the pipeline sends it.
      detached: true,
      cleanup: false,
      env: {
        ...env,
        // Unlike -var, this is not an error for a template without the variable.
        PKR_VAR_project_commit: projectCommit,
        CHECKPOINT_DISABLE: '1',
        PACKER_CACHE_DIR: join(workDir, 'packer-cache'),
        ANSIBLE_LOCAL_TEMP: join(workDir, 'tmp'),
      },
    },
  );
  const last: string[] = [];
  const lines = createInterface({ input: child.all });
  lines.on('line', (line) => {
    onLine(line);
    if (line.trim() !== '' && last.push(line) > 15) last.shift();
  });
  const stopping = request.signal ? stopWith(child.pid, request.signal) : undefined;
  const [result] = await Promise.all([child, once(lines, 'close')]).finally(() => stopping?.end());
  if (result.code === 'ENOENT') {
    throw usageError('packer.missing', 'packer was not found on this computer', 'apt-get install packer');
  }
  if (request.signal?.aborted) throw interrupted(request.signal, last);
  if (result.exitCode === 0) return;
  const outdated = last.some((line) =>
    /unknown (builder|provisioner|source)|The (builder|provisioner) \S+ is unknown/i.test(line),
  );
  throw new PipelineError('packer.failed', `packer exited with ${result.exitCode ?? result.signal}`, {
    details: last,
    fix: outdated
      ? 'packer plugins install github.com/hashicorp/amazon, and the same with ansible'
      : 'correct the error above and build again; Packer has cleaned up unless its output says otherwise',
  });
}

/** Why the build stopped: Packer prints it after its clean-up, but an interrupt at some moments makes it crash. */
function interrupted({ reason }: AbortSignal, last: string[]): unknown {
  if (last.some((line) => /Cleanly cancelled builds/.test(line))) return reason;
  return new PipelineError('packer.not-cleaned', 'interrupted, and Packer does not say that it has cleaned up', {
    details: last,
    fix: 'terminate the instance tagged golden-pipeline:role=base-builder, then delete the key pair and the security group packer_*',
    outcome: 'manual-intervention',
  });
}

/**
 * Interrupts Packer's process group once the signal is aborted, as a terminal does: its outer process ignores that and
 * waits for the inner one, which cleans up. Processes that still run after that are killed, also when this process
 * exits.
 */
function stopWith(pid: number | undefined, signal: AbortSignal): { end(): void } {
  const kill = (name: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  let killer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    kill('SIGINT');
    killer = setTimeout(() => kill('SIGKILL'), cleanUpMs);
  };
  const onExit = () => kill('SIGKILL');
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
  process.once('exit', onExit);
  return {
    end() {
      clearTimeout(killer);
      signal.removeEventListener('abort', interrupt);
      process.removeListener('exit', onExit);
    },
  };
}

function projectFile(projectDir: string, folder: string, name: string): string {
  const own = join(projectDir, folder, name);
  return existsSync(own) ? own : join(dirname(ownAnsibleFolder()), folder, name);
}
