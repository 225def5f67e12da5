import { mkdir } from 'node:fs/promises';
import { loadIdentity, saveIdentity } from 'golden-pipeline-local-cloud/client';

/**
 * Lets a cloud that has not been started yet have addresses that it finds again after a stop. A new cloud takes the lowest free block,
 * so another test file's would take a low one in between.
 */
export async function keepAddresses(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // By the process: other runs may go on at the same time.
  await saveIdentity(dir, { ...loadIdentity(dir), block: 130 + (process.pid % 120) });
}
