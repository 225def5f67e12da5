import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ownAnsibleFolder } from '../hosts/ansible-files.ts';
import type { Host } from '../hosts/types.ts';
import type { Services } from './services.ts';

/** Of all hosts; the inventory names the same one (hosts/ansible-files.ts). */
const python = '/usr/bin/python3';

/**
 * Runs a program of the release role on a host that need not have it, and reads the JSON that it prints.
 * @param name Its file in `ansible/roles/release/files/`.
 * @param argument Given to it as JSON.
 * @throws as `Hosts.run`; Error for an answer that is not JSON
 */
export async function runHostProgram<T>(
  { fleet, hosts }: Pick<Services, 'fleet' | 'hosts'>,
  host: Host,
  name: string,
  argument: object,
  timeoutMs: number,
): Promise<T> {
  const asRoot = fleet.ssh.become ? ['sudo', '-n'] : [];
  const argv = [...asRoot, python, '-c', programText(name), JSON.stringify(argument)];
  const answer = await hosts.run(host, argv, { timeoutMs, once: true });
  try {
    return JSON.parse(answer) as T;
  } catch {
    throw new Error(`${name} answered ${JSON.stringify(answer.slice(0, 120))}`);
  }
}

const texts = new Map<string, string>();

/** Read once: it is needed where a rollback waits. */
function programText(name: string): string {
  const text = texts.get(name) ?? readFileSync(path.join(ownAnsibleFolder(), 'roles/release/files', name), 'utf8');
  texts.set(name, text);
  return text;
}
