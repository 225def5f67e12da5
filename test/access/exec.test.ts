import { PipelineError } from '@golden-pipeline/shared/errors';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { beforeEach, expect, it } from 'vitest';
import { type ExecListener, execHere, execOnHosts, logIn } from '../../src/access/exec.ts';
import type { Accessor, AccessPorts } from '../../src/access/record.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { FleetHost } from '../../src/fleet/fleet-hosts.ts';
import type { Host, Hosts } from '../../src/hosts/types.ts';
import type { AccessRecord } from '../../src/ledger/access.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { accessOutcome } from '../../src/status/history.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const host = (name: string): FleetHost => ({
  ...{ instanceId: `i-${name}`, address: '127.0.0.9', version: 'v7', serves: true, healthy: true },
});
const hosts = [host('one'), host('two'), host('three')];

let clock: ManualClock;
let ledger: Ledger;
let accessor: Accessor;
let ports: AccessPorts;
/** What each host was told, and what it does. */
let told: { host: string; argv: string[]; input?: string }[];
let answer: (host: Host) => Promise<{ exitCode: number; stderr: string } | undefined>;
let lines: string[];
let notes: string[];
const listener: ExecListener = {
  begun: (id) => void notes.push(`begun ${id}`),
  line: (from, line) => void lines.push(`${from.instanceId}: ${line}`),
  note: (text) => void notes.push(text),
};

beforeEach(() => {
  clock = new ManualClock();
  ledger = createLedger(createMemoryStore(), { environment: 'local', clock, identity: { owner: 'ann', host: 'desk' } });
  accessor = { operation: 'exec', host: 'desk', command: 'pipeline exec api -- id', clock };
  [told, lines, notes] = [[], [], []];
  const port: Pick<Hosts, 'stream' | 'attach'> = {
    async stream(one, argv, { input, onLine }) {
      told.push({ host: one.instanceId, argv, input });
      const end = await answer(one);
      await onLine('hello');
      return end;
    },
    async attach(one, argv, { input }) {
      told.push({ host: one.instanceId, argv, ...(input !== undefined && { input }) });
      return answer(one);
    },
  };
  const fleet = { app: 'api', environment: 'local', ssh: { become: true }, ansible: { variables: {} } };
  ports = { fleet: fleet as unknown as Fleet, hosts: port as Hosts, ledger, by: 'ann@desk' };
  answer = async () => ({ exitCode: 0, stderr: '' });
});

const recorded = async () => (await ledger.access.list('api', 10)) as [AccessRecord];

it('a command runs on several hosts, and its record has who, what and how it ended on each', async () => {
  answer = async ({ instanceId }) => {
    if (instanceId === 'i-two') throw new PipelineError('ssh.unreachable', 'no SSH to i-two');
    return { exitCode: instanceId === 'i-one' ? 0 : 3, stderr: '' };
  };
  const results = await execOnHosts(ports, hosts, ['id', '-u'], listener, accessor, new AbortController().signal);
  expect(results).toEqual([
    { id: 'i-one', version: 'v7', exitCode: 0 },
    { id: 'i-two', version: 'v7', error: 'no SSH to i-two' },
    { id: 'i-three', version: 'v7', exitCode: 3 },
  ]);
  expect(lines.sort()).toEqual(['i-one: hello', 'i-three: hello']);
  const [record] = await recorded();
  expect(record).toMatchObject({
    ...{ operation: 'exec', app: 'api', by: 'ann@desk', host: 'desk', command: 'pipeline exec api -- id' },
    instances: results,
  });
  expect(accessOutcome(record)).toBe('failed');
  expect(notes).toEqual([`begun ${record.id}`]);
});

it('a command and the program that starts it are sent by the connection, as sudo logs arguments', async () => {
  await execHere(
    ports,
    host('one'),
    ['echo', '$HOME; x'],
    { terminal: false },
    listener,
    accessor,
    new AbortController().signal,
  );
  const { argv = [], input } = told[0] ?? {};
  expect(argv.slice(0, 4)).toEqual(['sudo', '-n', '/usr/bin/python3', '-I']);
  expect(argv.join(' ')).not.toContain('def main');
  expect(input).toContain('def main');
  expect(argv.join(' ')).not.toContain('HOME');
  const words = '["echo","$HOME; x"]';
  expect(input?.endsWith(words)).toBe(true);
  expect(JSON.parse(argv.at(-1) ?? '')).toEqual({
    ...{ app: 'api', root: '/srv/api', command: words.length, terminal: false, merge: false },
  });
});

it('nothing is started when the ledger cannot be written', async () => {
  ledger.access.save = () => Promise.reject(new Error('AccessDenied'));
  await expect(
    execOnHosts(ports, hosts, ['id'], listener, accessor, new AbortController().signal),
  ).rejects.toMatchObject({
    code: 'access.not-recorded',
    message: 'nothing was started, as it cannot be recorded in the ledger: AccessDenied',
  });
  expect(told).toEqual([]);
});

it('the record is there while a login lasts, and has its end; what the shell exited with does not count', async () => {
  answer = async () => {
    expect(accessOutcome((await recorded())[0])).toBeUndefined();
    await clock.advance(60_000);
    return { exitCode: 130, stderr: '' };
  };
  const own = { ...accessor, operation: 'ssh' as const, command: 'pipeline ssh api' };
  await logIn(ports, host('one'), listener, own, new AbortController().signal);
  const [record] = await recorded();
  expect(Date.parse(record.finishedAt ?? '') - Date.parse(record.startedAt)).toBe(60_000);
  expect(accessOutcome(record)).toBe('done');
  expect(told[0]?.argv.at(-1)).toBe('/srv/api/current');
});

it('a command that is interrupted is recorded as that, and is not started on further hosts', async () => {
  const stop = new AbortController();
  answer = async () => {
    stop.abort();
    return undefined;
  };
  const many = Array.from({ length: 20 }, (_, index) => host(`${index}`));
  const results = await execOnHosts(ports, many, ['id'], listener, accessor, stop.signal);
  expect(results[0]?.error).toBe('interrupted');
  expect(results.at(-1)?.error).toBe('interrupted before it was started');
  expect((await recorded())[0].instances).toEqual(results);
});

it('an end that cannot be recorded is noted, and the results are still given', async () => {
  const save = ledger.access.save;
  ledger.access.save = (record) => (record.finishedAt ? Promise.reject(new Error('no network')) : save(record));
  const results = await execOnHosts(ports, hosts, ['id'], listener, accessor, new AbortController().signal);
  expect(results).toHaveLength(3);
  expect(notes.at(-1)).toBe('its end could not be recorded in the ledger: no network');
});

it.each([
  ['before anything is started', false],
  ['at the end', true],
])('a ledger that does not answer %s is waited for until the signal', async (_, atEnd) => {
  const stop = new AbortController();
  const save = ledger.access.save;
  ledger.access.save = (record) => {
    if (Boolean(record.finishedAt) !== atEnd) return save(record);
    queueMicrotask(() => stop.abort(new Error('Ctrl-C')));
    return new Promise(() => undefined);
  };
  const results = execOnHosts(ports, hosts, ['id'], listener, accessor, stop.signal);
  if (atEnd) {
    expect(await results).toHaveLength(3);
    expect(notes.at(-1)).toBe('its end could not be recorded in the ledger: Ctrl-C');
  } else {
    await expect(results).rejects.toThrow('Ctrl-C');
    expect(told).toEqual([]);
  }
});
