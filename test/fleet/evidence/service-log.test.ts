import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogWanted, readServiceLog } from '../../../src/fleet/evidence/service-log.ts';
import type { Services } from '../../../src/fleet/services.ts';
import type { Hosts } from '../../../src/hosts/types.ts';
import { withSystemd } from '../../host-programs/support/service-log.ts';
import { localStream } from '../../support/local-stream.ts';

const host = { instanceId: 'i-1', address: '10.0.0.1' };
let root: string;
let folder: string;
let clock: ManualClock;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gp-evidence-log-'));
  folder = join(root, 'shared/log');
  await mkdir(folder, { recursive: true });
  clock = new ManualClock();
});
afterEach(() => rm(root, { recursive: true, force: true }));

function read(wanted: LogWanted = {}, hosts: Pick<Hosts, 'stream'> = localStream().hosts) {
  const fleet = { app: 'no-such-app', ssh: { become: false }, ansible: { variables: { release_root: root } } };
  return readServiceLog({ fleet, hosts } as unknown as Pick<Services, 'fleet' | 'hosts'>, host, clock, wanted);
}

describe('the log of a service that is kept as evidence', () => {
  it('has the time of the logger before each line, and no second one before lines of the app with times', async () => {
    const lines = [
      '2027-03-01_12:00:01.25000 Error: x',
      '2027-03-01_12:00:01.25100     at f',
      '{"time":1803902405123}',
    ];
    await writeFile(join(folder, 'current'), `${lines.join('\n')}\nwithout\n`);
    expect(await read()).toEqual({
      from: join(folder, 'current'),
      cut: false,
      lines: ['2027-03-01T12:00:01.250Z Error: x', '2027-03-01T12:00:01.251Z     at f', lines[2], 'without'],
    });
  });

  it('is the journal of a host with systemd, where an earlier release has left a file', async () => {
    await writeFile(join(folder, 'current'), 'stale\n');
    const { hosts } = localStream(await withSystemd(root, 'journal'));
    const { from, lines } = await read({}, hosts);
    expect(from).toBe('the journal of no-such-app.service');
    expect(lines).toEqual(expect.arrayContaining(['2027-03-01T12:00:01.000Z one']));
    expect(lines).not.toContain('stale');
  });

  it('has at most 500 lines, and says that there are more', async () => {
    await writeFile(join(folder, 'current'), Array.from({ length: 600 }, (_, index) => `line ${index}\n`).join(''));
    const { lines, cut } = await read();
    expect([lines.length, lines[0], cut]).toEqual([500, 'line 100', true]);
  });

  it('is that of the environment that is checked, on request', async () => {
    await writeFile(join(folder, 'staging.log'), 'SyntaxError: Unexpected token\n');
    expect(await read({ staging: true })).toMatchObject({ lines: ['SyntaxError: Unexpected token'], cut: false });
  });

  it('is missing with the reason: there is none, it is empty, or it cannot be read in time', async () => {
    await expect(read()).rejects.toThrow(`it has no log at ${folder}/current or /var/log/no-such-app/current`);
    await writeFile(join(folder, 'current'), '');
    await expect(read()).rejects.toThrow(`${folder}/current is empty`);
    const never: Pick<Hosts, 'stream'> = {
      stream: (_host, _argv, { signal }) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve(undefined));
          clock.advance(4000);
        }),
    };
    await expect(read({}, never)).rejects.toThrow('its log could not be read within 4 s');
  });
});
