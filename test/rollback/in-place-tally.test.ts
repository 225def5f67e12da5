import { expect, it } from 'vitest';
import type { InPlaceAnswer, InPlaceHost } from '../../src/rollback/in-place-hosts.ts';
import { InPlaceTally } from '../../src/rollback/in-place-tally.ts';

const host = (id: string, more: Partial<InPlaceHost> = {}): InPlaceHost => ({
  id,
  state: 'running',
  address: '127.0.0.1',
  imageId: 'ami-2',
  launchedAt: 0,
  inService: true,
  ...more,
});
const ok = (id: string): InPlaceAnswer => ({ id, ok: true, reached: true });
const refuses = (id: string): InPlaceAnswer => ({ id, ok: false, reached: true, reason: 'the disk is full' });
const silent = (id: string): InPlaceAnswer => ({ id, ok: false, reached: false, reason: 'no SSH' });
const fleet = (count: number) => Array.from({ length: count }, (_, index) => host(`i-${index}`));
const limits = { maxFailedPercent: 25, patienceMs: 1000 };
const ids = (hosts: readonly { id: string }[]) => hosts.map((one) => one.id);

it('an in-place rollback counts failures of all rounds against the whole fleet', () => {
  const hosts = fleet(8);
  const tally = new InPlaceTally(limits, ids(hosts));
  tally.see({ hosts: hosts.slice(0, 6), all: 8 }, 0);
  expect(tally.take([...hosts.slice(0, 5).map((one) => ok(one.id)), refuses('i-5')])).toBe(6);
  expect(tally.tooMany).toBe(false);
  tally.see({ hosts: hosts.slice(0, 7), all: 8 }, 1);
  expect(ids(tally.ready())).toEqual(['i-6']);
  tally.take([silent('i-6')]);
  // 2 of 8, though each batch by itself had 1 of 6 and 1 of 1.
  expect(tally.tooMany).toBe(false);
  tally.see({ hosts, all: 8 }, 2);
  tally.take([refuses('i-7')]);
  expect(tally.tooMany).toBe(true);
  expect(tally.failed).toEqual([
    { id: 'i-5', reason: 'the disk is full' },
    { id: 'i-6', reason: 'no SSH' },
    { id: 'i-7', reason: 'the disk is full' },
  ]);
});

it('instances that serve the version already are a part of the fleet', () => {
  const tally = new InPlaceTally(limits, ['i-0']);
  tally.see({ hosts: [host('i-0')], all: 4 }, 0);
  tally.take([refuses('i-0')]);
  expect(tally.tooMany).toBe(false);
});

it('instances that have left the group do not count', () => {
  const hosts = fleet(4);
  const tally = new InPlaceTally(limits, ids(hosts));
  tally.see({ hosts, all: 4 }, 0);
  tally.take([ok('i-0'), ok('i-1'), silent('i-2'), silent('i-3')]);
  expect(tally.tooMany).toBe(true);
  tally.see({ hosts: hosts.slice(0, 2), all: 3 }, 1);
  expect(tally.tooMany).toBe(false);
  expect(tally.failed).toEqual([]);
  expect(tally.waiting).toBe(0);
});

it('new instances are retried until their time is over, and do not count', () => {
  const old = fleet(2);
  const young = [host('i-a'), host('i-b', { inService: false }), host('i-c', { state: 'pending', inService: false })];
  const look = { hosts: [...old, ...young], all: 5 };
  const tally = new InPlaceTally({ ...limits, maxFailedPercent: 0 }, ids(old));
  tally.see(look, 0);
  expect(ids(tally.ready())).toEqual(['i-0', 'i-1', 'i-a', 'i-b']);
  // What answers in service and refuses has said its word; what is on its way has not.
  expect(tally.take([ok('i-0'), ok('i-1'), silent('i-a'), refuses('i-b')])).toBe(2);
  tally.see(look, 999);
  expect(ids(tally.ready())).toEqual(['i-a', 'i-b']);
  expect(tally.waiting).toBe(3);
  expect(tally.take([ok('i-a'), refuses('i-b')])).toBe(1);
  tally.see(look, 1000);
  expect(tally.waiting).toBe(0);
  expect(tally.tooMany).toBe(false);
  expect(tally.failed).toEqual([
    { id: 'i-b', reason: 'the disk is full' },
    { id: 'i-c', reason: 'it is still pending' },
  ]);
  expect(ids(tally.switched)).toEqual(['i-0', 'i-1', 'i-a']);
});

it('an in-place rollback never gives up every instance of a fleet, new or not', () => {
  const hosts = fleet(3);
  const tally = new InPlaceTally({ ...limits, maxFailedPercent: 100 }, []);
  tally.see({ hosts, all: 3 }, 0);
  tally.take(hosts.map((one) => refuses(one.id)));
  expect(tally.tooMany).toBe(true);
});
