import { join } from 'node:path';
import { environmentName } from '../config/names.ts';
import { createFileStore } from './file-store.ts';
import { createLedger, type LedgerOptions } from './ledger.ts';
import type { Ledger } from './types.ts';

/** The ledger of an environment in a folder (absolute path); several environments may share it. */
export function createFileLedger({ dir, ...options }: LedgerOptions & { dir: string }): Ledger {
  return createLedger(createFileStore(join(dir, environmentName(options.environment)), options.clock), options);
}
