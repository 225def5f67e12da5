import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownAnsibleFolder } from '../../src/hosts/ansible-files.ts';

const program = path.join(ownAnsibleFolder(), 'roles/release/files/service_log.py');

interface Answer {
  from?: string;
  lines?: string[];
  cut?: boolean;
  problem?: string;
}

let dir: string;
let log: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-service-log-'));
  log = path.join(dir, 'current');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function read(wanted: object): Promise<Answer> {
  const argument = JSON.stringify({ files: [log], lines: 500, bytes: 262_144, ...wanted });
  return JSON.parse((await execa('/usr/bin/python3', [program, argument])).stdout) as Answer;
}

describe('the program that reads the end of a log', () => {
  it('prints the last lines of the first file that exists, without secrets of the host', async () => {
    const secrets = path.join(dir, 'values.json');
    await writeFile(secrets, JSON.stringify({ STRIPE_KEY: 'sk_live_123456' }));
    await writeFile(log, 'one\ntwo\nkey sk_live_123456 refused\nhalf a li');
    expect(await read({ files: [path.join(dir, 'absent'), log], lines: 3, secrets })).toEqual({
      from: log,
      lines: ['two', 'key [redacted] refused', 'half a li'],
      cut: true,
    });
  });

  it('reads a log of gigabytes and of binary from its end only', async () => {
    await writeFile(
      log,
      Buffer.concat([Buffer.alloc(300_000, 0x78), Buffer.from('\nbad \xff\x00 byte\nlast\n', 'latin1')]),
    );
    const { lines, cut } = await read({ bytes: 1000 });
    expect(cut).toBe(true);
    expect(lines).toEqual(['bad \ufffd\u0000 byte', 'last']);
  });

  it('continues into the newest rotated file where the log was begun anew', async () => {
    await writeFile(path.join(dir, '@400000006501.s'), 'older\n');
    await writeFile(path.join(dir, '@400000006502.s'), 'before\n');
    await writeFile(log, 'now\n');
    expect(await read({})).toMatchObject({ lines: ['before', 'now'], cut: false });
  });

  it('tells why there is nothing to print: no file, an empty one, or one from before', async () => {
    expect(await read({ files: [path.join(dir, 'absent')] })).toEqual({ problem: `there is no log: ${dir}/absent` });
    const empty = path.join(dir, 'empty');
    await writeFile(empty, '');
    expect(await read({ files: [empty] })).toEqual({ problem: `${empty} is empty` });
    await utimes(log, 1, 1);
    expect(await read({ within: 60 })).toEqual({ problem: `${log} is from before` });
  });
});
