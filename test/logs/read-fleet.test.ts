import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setCapacity } from '../../src/aws/groups.ts';
import { fleetHosts } from '../../src/fleet/fleet-hosts.ts';
import type { Host, StreamOptions } from '../../src/hosts/types.ts';
import type { FleetLogEntry } from '../../src/logs/entry.ts';
import { readFleetLogs } from '../../src/logs/read-fleet.ts';
import { type Rehearsal, rehearse } from '../tasks/support/rehearsal.ts';

type Stream = (host: Host, options: StreamOptions, want: { follow: boolean; since: number | null }) => Promise<number>;

let stage: Rehearsal;
/** The program on a host: it resolves with its exit code. */
let program: Stream;
let entries: FleetLogEntry[];
let notes: string[];
let stop: AbortController;
const unreachable = new PipelineError('ssh.unreachable', 'no SSH: Connection refused');

beforeEach(async () => {
  stage = await rehearse();
  [entries, notes, stop] = [[], [], new AbortController()];
  stage.services.hosts.stream = async (host, argv, options) => {
    const exitCode = await program(host, options, JSON.parse(argv.at(-1) ?? ''));
    return options.signal?.aborted ? undefined : { exitCode, stderr: 'python3: not found' };
  };
});
afterEach(() => stage.close());

const group = () => stage.fleet.names.group;

async function fleetOf(size: number): Promise<string[]> {
  await setCapacity(stage.aws.autoScaling, group(), { min: 0, max: 10, desired: size });
  const hosts = await stage.until(
    () => fleetHosts(stage.services),
    (found) => found.length === size,
  );
  return hosts.map((host) => host.instanceId).sort();
}

function read(query: { follow?: boolean; grep?: string } = {}, choice = {}): Promise<string[]> {
  return readFleetLogs(
    stage.services,
    { choice, query: { lines: 10, follow: false, ...query } },
    { hosts: () => undefined, entry: (entry) => void entries.push(entry), note: (note) => void notes.push(note) },
    { clock: stage.clock, signal: stop.signal },
  );
}

const print = (options: StreamOptions, ...lines: object[]) =>
  lines.reduce<Promise<void>>(
    (before, line) => before.then(() => options.onLine(JSON.stringify(line))),
    Promise.resolve(),
  );
/** Until the command ends, as a program that follows. */
const untilStopped = ({ signal }: StreamOptions) =>
  new Promise<number>((resolve) => signal?.addEventListener('abort', () => resolve(0)));

describe('the logs of a fleet', () => {
  it('end with the signal while the cloud does not say which instances there are', async () => {
    stage.services.aws.autoScaling.send = () => new Promise(() => undefined);
    stage.services.aws.ec2.send = () => new Promise(() => undefined);
    const reading = read();
    stop.abort(new Error('Ctrl-C'));
    await expect(reading).rejects.toThrow('Ctrl-C');
  });

  it('are read on all instances side by side, merged by time', async () => {
    const [first, second] = await fleetOf(2);
    program = async (host, options) => {
      const odd = host.instanceId === first ? 0 : 1;
      await print(options, { t: 1 + odd, m: `${odd} a` }, { t: 3 + odd, m: `${odd} b`, cut: 9000 });
      return 0;
    };
    expect(await read()).toEqual([]);
    expect(entries.map((entry) => [entry.at, entry.instanceId, entry.text, entry.cut])).toEqual([
      [1000, first, '0 a', undefined],
      [2000, second, '1 a', undefined],
      [3000, first, '0 b', 9000],
      [4000, second, '1 b', 9000],
    ]);
  });

  it('are those of one instance by the beginning of its id, and an unknown one is refused with those that run', async () => {
    const ids = await fleetOf(2);
    const asked: string[] = [];
    program = async (host) => asked.push(host.instanceId) * 0;
    await read({}, { instance: ids[0] });
    expect(asked).toEqual([ids[0]]);
    await expect(read({}, { instance: 'i-none' })).rejects.toMatchObject({
      code: 'instance.unknown',
      outcome: 'usage',
      fix: expect.stringContaining(ids[1] as string),
    });
    await expect(read({}, { instance: 'i' })).rejects.toMatchObject({ code: 'instance.ambiguous', outcome: 'usage' });
    await expect(read({}, { version: 'v9' })).rejects.toMatchObject({ code: 'instance.none' });
  });

  it('of an instance that cannot be reached, or cannot be read, are missing with a note; the others are read', async () => {
    const [first, second, third] = await fleetOf(3);
    program = async (host, options) => {
      if (host.instanceId === first) throw unreachable;
      if (host.instanceId === second) return 127;
      await print(options, { t: 1, m: 'read' });
      return 0;
    };
    expect((await read()).sort()).toEqual([first, second]);
    expect(entries.map((entry) => entry.instanceId)).toEqual([third]);
    expect(notes.sort()).toEqual(
      [
        `${first} was not read: no SSH: Connection refused`,
        `${second} was not read: the log cannot be read (exit 127): python3: not found`,
      ].sort(),
    );
  });

  it('are not read with an expression that a host refuses', async () => {
    await fleetOf(2);
    program = async (_host, options) => {
      await print(options, { wrong: 'missing )' });
      return 0;
    };
    await expect(read({ grep: '(' })).rejects.toMatchObject({ code: 'logs.grep', outcome: 'usage' });
  });

  it('of an instance that ends while they are read are noted as gone', async () => {
    const [first, second] = await fleetOf(2);
    program = async (host, options) => {
      await print(options, { t: 1, m: 'before' });
      if (host.instanceId === second) return 0;
      await stage.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [host.instanceId] }));
      throw unreachable;
    };
    expect(await read()).toEqual([first]);
    expect(notes).toEqual([expect.stringMatching(`${first} is gone .*: no more lines of it`)]);
    expect(entries).toHaveLength(2);
  });
});

describe('logs that are followed', () => {
  it('include those of instances that come later, from the time the command began', async () => {
    const [only] = await fleetOf(1);
    const begun = stage.clock.now();
    const since: (number | null)[] = [];
    program = async (host, options, want) => {
      since.push(want.since);
      await print(options, { live: true }, { t: stage.clock.now() / 1000, m: `hello of ${host.instanceId}` });
      return untilStopped(options);
    };
    const work = read({ follow: true });
    const ids = await fleetOf(2);
    await stage.until(
      () => entries,
      (seen) => seen.length === 2,
    );
    stop.abort();
    expect(await work).toEqual([]);
    const fresh = ids.find((id) => id !== only);
    expect(entries.map((entry) => entry.instanceId)).toEqual([only, fresh]);
    expect(since).toEqual([null, begun / 1000]);
    expect(notes).toEqual([`${fresh} is new`]);
  });

  it('are read again after a lost connection, from the last line on', async () => {
    await fleetOf(1);
    const since: (number | null)[] = [];
    program = async (_host, options, want) => {
      since.push(want.since);
      await print(options, { t: 5 + since.length, m: `line ${since.length}` }, { live: true });
      if (since.length === 1) throw unreachable;
      return untilStopped(options);
    };
    const work = read({ follow: true });
    await stage.until(
      () => entries,
      (seen) => seen.length === 2,
    );
    stop.abort();
    expect(await work).toEqual([]);
    expect(since).toEqual([null, 6]);
    expect(notes).toEqual([
      expect.stringContaining('cannot be read now, and is tried again'),
      expect.stringContaining('is read again'),
    ]);
  });
});
