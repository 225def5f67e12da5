import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Routing, ServedRequest } from '../balancer-driver.ts';
import { backendName, frontendName } from './names.ts';
import { isTwinName, targetIdOf } from './servers.ts';

/** Frontend, backend, server, status, milliseconds until the answer began (-1: it did not), and how the session ended. */
export const logFormat = 'R %f %b %s %ST %Tr %ts';

/** Bytes that have been read after which the log gives its room back. */
const longestRead = 8 * 1024 * 1024;

/**
 * The log of requests, which HAProxy appends to a file: unlike a pipe, which holds 64 KiB, it loses nothing while this
 * process is busy, and unlike counters it goes on over reloads and has each request's time.
 */
export class RequestLog {
  /** For HAProxy's standard output. */
  readonly file: number;
  /** Where reading goes on. */
  #offset = 0;
  /** Where it was when the file was emptied. */
  #emptiedAt = 0;
  #rest = '';
  #buffer = Buffer.allocUnsafe(256 * 1024);

  /** @param longest Bytes that have been read after which the file is emptied. */
  constructor(
    dir: string,
    private readonly longest = longestRead,
  ) {
    const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC } = constants;
    this.file = openSync(join(dir, 'requests.log'), O_APPEND | O_CREAT | O_RDWR | O_TRUNC, 0o600);
  }

  /**
   * The requests since the last time, requests that are alike as one object each time: of thousands a second, answered in a
   * few milliseconds each, most are. Those of listeners and target groups that are gone from the routing are left out.
   */
  read(routing: Routing): ServedRequest[] {
    const names = namesOf(routing);
    const requests: ServedRequest[] = [];
    const known = new Map<string, ServedRequest | undefined>();
    this.#startAnew();
    for (;;) {
      const size = readSync(this.file, this.#buffer, 0, this.#buffer.length, this.#offset);
      if (size === 0) break;
      this.#offset += size;
      const lines = (this.#rest + this.#buffer.toString('latin1', 0, size)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        let request = known.get(line);
        if (!request && !known.has(line)) {
          request = parse(line, names);
          known.set(line, request);
        }
        if (request) requests.push(request);
      }
    }
    // What is written between the last reading and this is not counted.
    if (this.#offset - this.#emptiedAt > this.longest) {
      ftruncateSync(this.file, 0);
      this.#emptiedAt = this.#offset;
    }
    return requests;
  }

  /**
   * HAProxy clears O_APPEND when it makes its standard output non-blocking, so in an emptied file it goes on where it was, behind a
   * hole that takes no room, and so does the reading. One that does append begins at 0 again.
   */
  #startAnew(): void {
    const { size } = fstatSync(this.file);
    if (size === 0 || size >= this.#offset) return;
    this.#offset = 0;
    this.#emptiedAt = 0;
  }

  close(): void {
    closeSync(this.file);
  }
}

interface Names {
  listeners: Map<string, string>;
  targetGroups: Map<string, string>;
}

function namesOf({ listeners, targetGroups }: Routing): Names {
  return {
    listeners: new Map(listeners.map(({ arn }) => [frontendName(arn), arn])),
    targetGroups: new Map(targetGroups.map(({ arn }) => [backendName(arn), arn])),
  };
}

/** Undefined for lines that are not requests: HAProxy's own messages, and connections that ended before one. */
function parse(line: string, names: Names): ServedRequest | undefined {
  const [mark, frontend = '', backend = '', server = '', status = '', time = '', ending = ''] = line.split(' ');
  const listenerArn = names.listeners.get(frontend);
  if (mark !== 'R' || !listenerArn || !/^[1-5]\d\d$/.test(status)) return undefined;
  const targetGroupArn = names.targetGroups.get(backend);
  const targetId = targetIdOf(server);
  const ms = Number(time);
  // "L": HAProxy has answered by itself, as the action says.
  if (ending.startsWith('L')) return { listenerArn, status: Number(status), by: 'action' };
  if (!targetGroupArn || !targetId) return { listenerArn, status: Number(status), by: 'balancer' };
  const answered = ms >= 0 && !ending.startsWith('P');
  const seconds = answered ? { seconds: ms / 1000 } : {};
  const failedOpen = isTwinName(server) ? ({ failedOpen: true } as const) : {};
  return {
    ...{ listenerArn, targetGroupArn, targetId, status: Number(status), by: answered ? 'target' : 'balancer' },
    ...{ ...seconds, ...failedOpen },
  };
}
