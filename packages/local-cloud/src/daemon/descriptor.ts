import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How others find a running cloud: `<dir>/cloud.json`, readable by its owner only. */
export interface CloudDescriptor {
  pid: number;
  /** Start time of that process in clock ticks since the host's boot, so that a later process with its pid is not mistaken for it. */
  startTime: string;
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Second octet of the cloud's addresses. */
  block: number;
  /** Opens the control paths: faults and the record of calls. */
  controlToken?: string;
  version: number;
}

/** Version of the descriptor's format. */
export const descriptorVersion = 1;

export function descriptorFile(dir: string): string {
  return join(dir, 'cloud.json');
}

export function logFile(dir: string): string {
  return join(dir, 'daemon.log');
}

/** Where HAProxy's files are kept. */
export function balancerFolder(dir: string): string {
  return join(dir, 'balancer');
}

/** The descriptor as written, whether or not its daemon still runs; undefined when there is none that can be read. */
export function readDescriptor(dir: string): CloudDescriptor | undefined {
  try {
    const found = JSON.parse(readFileSync(descriptorFile(dir), 'utf8')) as CloudDescriptor;
    const fits =
      found.version === descriptorVersion && Number.isInteger(found.pid) && typeof found.startTime === 'string';
    return fits ? found : undefined;
  } catch {
    return undefined;
  }
}
