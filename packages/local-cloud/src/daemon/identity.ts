import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a cloud keeps over a restart, so that endpoints, addresses and credentials that others hold stay good. */
export interface Identity {
  /** Second octet of its addresses. */
  block?: number;
  /** Port of the endpoint. */
  port?: number;
  accessKeyId: string;
  secretAccessKey: string;
  /** What its machines are: data of one driver is nothing to the other. */
  driver?: 'sandbox' | 'simulated';
  /** How long things take, by the profile's name; delays of a program's own are not kept. */
  delays?: 'quick' | 'aws';
}

const fileName = 'identity.json';

/** The identity kept in `dir`, or a new one; a damaged file counts as none. */
export function loadIdentity(dir: string): Identity {
  try {
    const found = JSON.parse(readFileSync(join(dir, fileName), 'utf8')) as Partial<Identity>;
    if (typeof found.accessKeyId === 'string' && typeof found.secretAccessKey === 'string') return found as Identity;
  } catch {
    // None yet.
  }
  return {
    accessKeyId: `AKIALOCAL${randomBytes(16).toString('hex').toUpperCase().slice(0, 11)}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

export function saveIdentity(dir: string, identity: Identity): Promise<void> {
  return writePrivate(join(dir, fileName), identity);
}

/** Replaces a file in one step; only its owner may read it. */
export async function writePrivate(file: string, document: object): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, `${JSON.stringify(document)}\n`, { mode: 0o600 });
  await rename(aside, file);
}
