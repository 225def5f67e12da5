import type { Services } from '../services.ts';

/** The program on a host that tells which environments it holds and switches between them (ansible/roles/release/files/flip.py). */
export function flipProgram({ app, ssh }: Services['fleet'], ...words: string[]): string[] {
  return [...(ssh.become ? ['sudo', '-n'] : []), 'python3', `/srv/${app}/bin/flip.py`, ...words];
}
