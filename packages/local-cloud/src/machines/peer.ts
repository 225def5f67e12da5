import { readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { entries } from './process-table.ts';

/**
 * Whether a connection on loopback comes from a process of the machine whose init is `initPid`. All machines and their host share one
 * network, so addresses say nothing of who asks; the kernel does: the socket at the other end, the process that holds it, and
 * the process namespace that this one is in.
 */
export function isOfMachine(socket: Socket, initPid: number): boolean {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
  const inode = socketInode({ address: remoteAddress, port: remotePort }, { address: localAddress, port: localPort });
  if (inode === undefined) return false;
  const namespace = link(`/proc/${initPid}/ns/pid`);
  if (namespace === undefined) return false;
  return entries('/proc').some((pid) => {
    if (!/^\d+$/.test(pid) || link(`/proc/${pid}/ns/pid`) !== namespace) return false;
    return entries(`/proc/${pid}/fd`).some((fd) => link(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  });
}

interface End {
  address: string;
  port: number;
}

/** The socket with these ends; undefined when it is closed already. A program may hold an IPv4 connection by an IPv6 socket. */
function socketInode(own: End, peer: End): string | undefined {
  const find = (file: string, words: string) => {
    // sl, local_address, rem_address, st, tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode
    const row = lines(file).find((line) => line.includes(words));
    const inode = row?.trim().split(/\s+/)[9];
    return inode === '0' ? undefined : inode;
  };
  const mapped = (end: End) => `0000000000000000FFFF0000${hex(end)}`;
  return (
    find('/proc/net/tcp', ` ${hex(own)} ${hex(peer)} `) ?? find('/proc/net/tcp6', ` ${mapped(own)} ${mapped(peer)} `)
  );
}

/** As the kernel prints it: the address as one number in the machine's byte order (little-endian), the port in the network's. */
function hex({ address, port }: End): string {
  const bytes = address
    .replace(/^::ffff:/, '')
    .split('.')
    .map(Number);
  const part = (byte: number, digits: number) => byte.toString(16).toUpperCase().padStart(digits, '0');
  return `${bytes
    .reverse()
    .map((byte) => part(byte, 2))
    .join('')}:${part(port, 4)}`;
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
