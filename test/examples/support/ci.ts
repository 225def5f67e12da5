import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';

const root = path.resolve(import.meta.dirname, '../../..');

/** The files for CI, as they are copied into a project. */
export const ciFile = (name: string): string => path.join(root, 'examples/ci', name);

/** A step of a GitHub job, as far as it is read here. */
interface GithubStep {
  name?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string | number>;
}

export interface GithubWorkflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency: { group: string; 'cancel-in-progress': boolean };
  jobs: { release: { environment: string; env: Record<string, string>; steps: GithubStep[] } };
}

export interface GitlabFile {
  release: {
    environment: { name: string };
    resource_group: string;
    interruptible: boolean;
    variables: Record<string, string>;
    id_tokens: Record<string, { aud: string }>;
    before_script: string[];
    script: string[];
  };
}

export const readYaml = async <T>(name: string): Promise<T> => parse(await readFile(ciFile(name), 'utf8')) as T;

/** Programs that stand in for those of a runner, first in the PATH of what is run. */
export async function standIns(dir: string, programs: Record<string, string>): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(path.join(dir, name), `#!/bin/sh\n${script}\n`);
    await chmod(path.join(dir, name), 0o755);
  }
  return `${dir}:${process.env.PATH}`;
}

/** Runs the shell of a step as GitHub does, from a file: a text after `-c` may be replaced by its last command. It never rejects for an exit code. */
export function runShell(script: string, options: { cwd: string; env: Record<string, string | undefined> }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'gp-step-'));
  const file = path.join(folder, 'step.sh');
  writeFileSync(file, script);
  const shell = execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
    ...options,
    stdin: 'ignore',
    reject: false,
  });
  shell.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return shell;
}
