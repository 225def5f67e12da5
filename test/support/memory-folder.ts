import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';

/** What a run may need: some ten clouds of a dozen instances each are there at once. */
const neededBytes = 6 * 1024 ** 3;
/** Short: paths of sockets below it have at most 107 characters. */
const prefix = 'gp-';

/**
 * A folder in memory for all that the tests of this process write, or undefined where there is none: no such file system, too little
 * room, or one that runs no programs. Instances' disks are thousands of small files, which are copied, removed and installed all the
 * time: in memory that takes a sixth of the processor time that it takes on ext4. It is removed when this process ends; what a run
 * that was killed has left there is removed by the next one.
 * @param memory where the host has a file system in memory
 */
export function memoryFolder(memory = '/dev/shm', needed = neededBytes): string | undefined {
  try {
    accessSync(memory, constants.W_OK);
    removeLeft(memory);
    const { bavail, bsize } = statfsSync(memory);
    if (Math.min(bavail * bsize, freemem()) < needed) return undefined;
    const folder = mkdtempSync(path.join(memory, `${prefix}${process.pid}-`));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return runsPrograms(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the folders of processes that are gone. */
function removeLeft(memory: string): void {
  for (const name of readdirSync(memory)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(path.join(memory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Some hosts mount it so that no program there can be started. */
function runsPrograms(folder: string): boolean {
  const program = path.join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  try {
    execFileSync(program);
    return true;
  } catch {
    return false;
  }
}
