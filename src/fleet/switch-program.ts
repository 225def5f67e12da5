import { releaseRoot } from './release-root.ts';
import type { Services } from './services.ts';

/** The program on a host that tells which environments it holds and switches between them (ansible/roles/release/files/environments.py). */
export function flipProgram(fleet: Services['fleet'], ...words: string[]): string[] {
  return [
    ...(fleet.ssh.become ? ['sudo', '-n'] : []),
    'python3',
    `${releaseRoot(fleet)}/bin/environments.py`,
    ...words,
  ];
}
