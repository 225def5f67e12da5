import { closeSync, constants, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backendName, frontendName } from '../../../src/elb/haproxy/names.ts';
import { RequestLog } from '../../../src/elb/haproxy/request-log.ts';
import { serverName } from '../../../src/elb/haproxy/servers.ts';
import { forward, listener, loadBalancer, routing, targetGroup } from '../support/records.ts';

const target = targetGroup('a');
const balancer = loadBalancer('127.0.0.1');
const front = listener(balancer, 80, forward(target));
const routes = routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [target] });
const line = `R ${frontendName(front.arn)} ${backendName(target.arn)} ${serverName('i-1', 3000, 1)} 200 3 --\n`;

let dir: string;
let log: RequestLog;
let writer: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gp-log-'));
  log = new RequestLog(dir, 64 * 1024);
});
afterEach(() => {
  closeSync(writer);
  log.close();
  rmSync(dir, { recursive: true });
});

// HAProxy 2.6 goes on where it was; a file that is appended to goes on at its end.
describe.each([
  ['goes on where it was', 0],
  ['appends', constants.O_APPEND],
])('a log that was emptied, whose writer %s', (_how, flag) => {
  it('tells every request once, and takes no more room than what has not been read', () => {
    const file = join(dir, 'requests.log');
    writer = openSync(file, constants.O_WRONLY | flag);
    for (let round = 0; round < 60; round++) {
      writeSync(writer, line.repeat(100));
      expect(log.read(routes)).toHaveLength(100);
      expect(log.read(routes)).toEqual([]);
      // In blocks of 512 bytes.
      expect(statSync(file).blocks).toBeLessThan(400);
    }
  });
});
