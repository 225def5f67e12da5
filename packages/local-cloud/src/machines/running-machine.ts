import type { MachineProcess } from './machine-process.ts';
import type { MetadataFront } from './metadata-front.ts';
import { isAlive, type ProcessRef } from './process-table.ts';
import type { SshFront } from './ssh-front.ts';

/** What the daemon has of a machine that boots, runs or stops. */
export interface RunningMachine {
  process?: MachineProcess;
  ssh?: SshFront;
  metadata?: MetadataFront;
  /** Its end is wanted, so it is nothing to report. */
  stopping: boolean;
  /** Resolves when nothing of it runs, sessions included. */
  off: Promise<void>;
}

/** Ends what the daemon serves for a machine; resolves when no session of it is left. */
export async function closeFronts({ ssh, metadata }: RunningMachine): Promise<void> {
  await Promise.all([ssh?.close(), metadata?.close()]);
}

/** The processes of a machine that are alive, to be written down for the sweep after a daemon's death. */
export function processesOf(machine: RunningMachine): ProcessRef[] {
  return [...(machine.process?.refs ?? []), ...(machine.ssh?.sessions ?? [])].filter(isAlive);
}
