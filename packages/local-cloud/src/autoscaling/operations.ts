import type { Launches } from './launches.ts';
import type { Runtime } from './runtime.ts';
import type { Terminations } from './terminations.ts';

/** What the operations work with. */
export interface Operations extends Runtime {
  readonly launches: Launches;
  readonly terminations: Terminations;
  /** Reconciles the group at once, for answers that must show the outcome. */
  reconcileNow(groupName: string): void;
}
