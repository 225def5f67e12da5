import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { daemonsOf, processRef } from '../machines/process-table.ts';
import { readDescriptor } from './descriptor.ts';

/** A folder held by one cloud. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Holds `dir`, which must exist, for this cloud. The lock is a name in the kernel and ends with the process, however that ends;
 * the descriptor is looked at as well, for a daemon behind another network namespace.
 * @throws PipelineError `local.already-running` with the pid of the cloud that holds it.
 */
export async function lockFolder(dir: string): Promise<FolderLock> {
  const holder = readDescriptor(dir);
  const alive =
    holder !== undefined && holder.pid !== process.pid && processRef(holder.pid)?.start === holder.startTime;
  if (alive) throw held(dir, holder.pid);
  const name = `\0golden-pipeline-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? held(dir, daemonsOf(dir)[0]?.pid) : error),
    );
    server.listen({ path: name, exclusive: true }, resolve);
  });
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

function held(dir: string, pid?: number): PipelineError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new PipelineError('local.already-running', `a local cloud runs in ${dir} already (${who})`, {
    fix: 'stop it: pipeline local down, or stopCloud in a program',
  });
}
