import { setMaxListeners } from 'node:events';
import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readInstance } from '../aws/instances.ts';
import { chooseHosts, type FleetHost, fleetHosts, type HostChoice } from '../fleet/fleet-hosts.ts';
import { type LogQuery, readHostLog } from '../fleet/logs/read-host.ts';
import type { Services } from '../fleet/services.ts';
import { orAbort } from '../shared/or-abort.ts';
import type { FleetLogEntry } from './entry.ts';
import { createMerge, type MergeSource } from './merge.ts';

type Ports = Pick<Services, 'fleet' | 'aws' | 'hosts'>;

/** What happens while the logs of a fleet are read. */
export interface FleetLogListener {
  /** The instances that are read, again each time that there are more. */
  hosts(hosts: readonly FleetHost[]): void;
  entry(entry: FleetLogEntry): void;
  note(text: string): void;
}

/** Connections that are being opened at once: each costs a login. */
const openAtOnce = 16;
/** How often the list of instances is read while it is followed, in milliseconds. */
const lookMs = 5000;
/** Pause before a lost connection is opened again, in milliseconds. */
const againMs = 1000;

/**
 * Reads the logs of a fleet's instances side by side, merged by time, and with `follow` those of instances that come later, until the
 * signal. An instance that ends meanwhile, or cannot be reached, is noted; the others are read on.
 * @returns ids of the instances whose log was not read to its end
 * @throws as {@link chooseHosts}; usage error `logs.grep`; the reason of the signal before the instances are known
 */
export async function readFleetLogs(
  ports: Ports,
  { choice, query }: { choice: HostChoice; query: LogQuery },
  listener: FleetLogListener,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<string[]> {
  const stop = new AbortController();
  const end = AbortSignal.any([signal, stop.signal]);
  // Each connection listens to it.
  setMaxListeners(0, end);
  const merge = createMerge<FleetLogEntry>(clock, (entry) => {
    if (!end.aborted) listener.entry(entry);
  });
  const unread = new Set<string>();
  const read = new Map<string, FleetHost>();
  const slots = createSlots(openAtOnce);
  const works: Promise<void>[] = [];
  let failure: { error: unknown } | undefined;

  const started = clock.now();
  end.addEventListener('abort', () => merge.flush(), { once: true });
  const begin = (host: FleetHost, own: LogQuery, fresh = false): void => {
    read.set(host.instanceId, host);
    const source = merge.open();
    works.push(
      readOne({ ports, listener, clock, signal: end, slots }, { host, fresh }, own, source)
        .then((whole) => {
          if (!whole) unread.add(host.instanceId);
        })
        .catch((error: unknown) => {
          failure ??= { error };
          stop.abort();
        })
        .finally(() => source.end()),
    );
  };

  const chosen = chooseHosts(await orAbort(fleetHosts(ports), signal), ports.fleet, choice);
  listener.hosts(chosen);
  for (const host of chosen) begin(host, query);
  if (query.follow) {
    await look(clock, end, async () => {
      const fresh = await newHosts(ports, choice, read);
      if (fresh.length === 0 || end.aborted) return;
      listener.hosts([...read.values(), ...fresh]);
      for (const host of fresh) begin(host, { ...query, since: started, lines: undefined }, true);
    });
  }
  await Promise.all(works);
  merge.flush();
  if (failure) throw failure.error;
  return [...unread];
}

/** Looks at once in a while until the signal; a look that fails is repeated at the next time. */
async function look(clock: Clock, signal: AbortSignal, again: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(lookMs, signal).catch(() => undefined);
    if (!signal.aborted) await orAbort(again(), signal).catch(() => undefined);
  }
}

async function newHosts(ports: Ports, choice: HostChoice, read: ReadonlyMap<string, FleetHost>): Promise<FleetHost[]> {
  return (await fleetHosts(ports)).filter(
    ({ instanceId, version }) =>
      !read.has(instanceId) &&
      (choice.version === undefined || version === choice.version) &&
      (choice.instance === undefined || instanceId.startsWith(choice.instance)),
  );
}

/** Resolves with whether its log was read to the end; with `follow` it is read until the signal, or the end of the instance. */
async function readOne(
  reader: {
    ports: Ports;
    listener: FleetLogListener;
    clock: Clock;
    signal: AbortSignal;
    slots: ReturnType<typeof createSlots>;
  },
  { host, fresh }: { host: FleetHost; fresh: boolean },
  query: LogQuery,
  source: MergeSource<FleetLogEntry>,
): Promise<boolean> {
  const { ports, listener, clock, signal, slots } = reader;
  const { instanceId, version } = host;
  let last: number | undefined;
  // One that has just been launched cannot be reached yet.
  let state: 'read' | 'new' | 'lost' = fresh ? 'new' : 'read';
  for (;;) {
    const free = await slots.take();
    try {
      if (signal.aborted) return true;
      // After a lost connection, from the last line on; lines of the very same moment may be shown twice.
      const own = last === undefined ? query : { ...query, since: last, lines: undefined };
      await readHostLog(
        ports,
        host,
        own,
        {
          entry: (entry) => {
            free();
            last = entry.at ?? last;
            return source.push(entry.at, { ...entry, instanceId, ...(version !== undefined && { version }) });
          },
          live: () => {
            free();
            if (state === 'new') listener.note(`${instanceId} is new${version === undefined ? '' : `: ${version}`}`);
            if (state === 'lost') listener.note(`${instanceId} is read again`);
            state = 'read';
            source.live();
          },
          note: (text) => listener.note(`${instanceId}: ${text}`),
        },
        signal,
      );
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      if (!(error instanceof PipelineError) || error.outcome === 'usage') throw error;
      const now = await orAbort(stateOf(ports, instanceId), signal).catch(() => undefined);
      if (signal.aborted) return true;
      if (now === 'terminated' || now === 'shutting-down' || now === 'stopped' || now === 'stopping') {
        listener.note(`${instanceId} is gone (${now}): no more lines of it`);
        return query.follow;
      }
      if (!query.follow || error.code !== 'ssh.unreachable') {
        listener.note(`${instanceId} was not read: ${error.message}`);
        return false;
      }
      if (state === 'read') {
        listener.note(`${instanceId} cannot be read now, and is tried again: ${error.message}`);
        state = 'lost';
      }
      source.live();
    } finally {
      free();
    }
    await clock.sleep(againMs, signal).catch(() => undefined);
  }
}

async function stateOf({ aws }: Ports, instanceId: string): Promise<string> {
  try {
    return (await readInstance(aws.ec2, instanceId))?.state ?? 'terminated';
  } catch (error) {
    return `unknown: ${messageOf(error)}`;
  }
}

/** At most so many at once; a slot is given back once, however often that is called. */
function createSlots(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async take(): Promise<() => void> {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let mine = true;
      return () => {
        if (!mine) return;
        mine = false;
        const next = waiting.shift();
        if (next) next();
        else free++;
      };
    },
  };
}
