import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { Connection, type ConnectionReport, type Outage, type RemoteService } from '../../src/engine/connection.ts';

const outage: Outage = { kind: 'network', reason: 'socket hang up (ECONNRESET)' };
let clock: VirtualClock;
let connection: Connection;
let reports: ConnectionReport[];
let back: number;
let probes: number;
let patience: AbortController;
let lost: AbortController;

const service: RemoteService = {
  outageOf: (error) => (error instanceof Error && error.message === 'cut' ? outage : undefined),
  async probe() {
    probes++;
    return clock.now() < back ? outage : undefined;
  },
};
const send = async () => {
  if (clock.now() < back) throw new Error('cut');
  return 'answer';
};
const call = (changes = false) => connection.call(service, send, { changes });
const attend = (confirm: () => Promise<void> = async () => undefined) =>
  connection.attend({
    patience: patience.signal,
    lost: lost.signal,
    confirm,
    report: (event) => void reports.push(event),
  });

beforeEach(() => {
  clock = new VirtualClock();
  connection = new Connection({ clock, limitMs: 900_000 });
  patience = new AbortController();
  lost = new AbortController();
  reports = [];
  probes = 0;
  back = clock.now() + 40_000;
});

describe('a connection', () => {
  it('lets concurrent calls share one wait, and reports it once until it is back', async () => {
    attend();
    expect(await Promise.all([call(), call(), call()])).toEqual(['answer', 'answer', 'answer']);
    expect(reports.map(({ code }) => code)).toEqual(['connection.lost', 'connection.lost', 'connection.restored']);
    expect(reports[0]).toMatchObject({ ...outage, seconds: 0, until: back - 40_000 + 900_000 });
    expect(probes).toBeLessThan(10);
    expect(connection.outageMs).toBeGreaterThanOrEqual(40_000);
    expect(connection.outageMs).toBeLessThan(51_000);
    expect(connection.abandoned).toBe(0);
  });

  it('does not wait without a run, nor for an error that is an answer', async () => {
    await expect(call()).rejects.toThrow('cut');
    const leave = attend();
    await expect(
      connection.call(service, () => Promise.reject(new Error('denied')), { changes: false }),
    ).rejects.toThrow('denied');
    leave();
    await expect(call()).rejects.toThrow('cut');
    expect([probes, reports]).toEqual([0, []]);
  });

  it('sends no change again before the run has confirmed that it may', async () => {
    const confirmed: number[] = [];
    attend(async () => {
      confirmed.push(clock.now());
      if (confirmed.length > 1) throw new Error('lost');
    });
    await expect(call(true)).rejects.toThrow('lost');
    expect(confirmed.at(-1)).toBeGreaterThanOrEqual(back);
  });

  it('waits no more once the run was interrupted or the limit has passed', async () => {
    attend();
    const waiting = call();
    void clock.sleep(5000).then(() => patience.abort(new Error('Ctrl-C')));
    const began = clock.now();
    await expect(waiting).rejects.toMatchObject({ code: 'connection.lost', cause: { message: 'cut' } });
    expect(clock.now() - began).toBe(5000);
    await expect(call()).rejects.toMatchObject({ code: 'connection.lost' });
    expect(clock.now() - began).toBe(5000);
    expect(connection.abandoned).toBe(2);
  });

  it('waits for an outage that begins after the interruption, as an undo needs it', async () => {
    patience.abort(new Error('Ctrl-C'));
    attend();
    expect(await call()).toBe('answer');
    expect(connection.abandoned).toBe(0);
  });

  it('repeats a call after it has given up, when the service answers', async () => {
    attend();
    const waiting = call();
    void clock.sleep(5000).then(() => patience.abort(new Error('Ctrl-C')));
    await expect(waiting).rejects.toMatchObject({ code: 'connection.lost' });
    await clock.sleep(60_000);
    let sent = 0;
    const once = async () => {
      sent++;
      if (sent === 1) throw new Error('cut');
      return 'answer';
    };
    expect(await connection.call(service, once, { changes: false })).toBe('answer');
  });

  it('waits no more once the lock is lost', async () => {
    attend();
    const waiting = call();
    void clock.sleep(5000).then(() => lost.abort(new Error('lost')));
    await expect(waiting).rejects.toMatchObject({ code: 'connection.lost' });
  });
});
