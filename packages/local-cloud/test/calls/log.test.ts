import { expect, it } from 'vitest';
import { CallLog } from '../../src/calls/log.ts';
import type { CallRecord } from '../../src/calls/record.ts';

const call = (more: Partial<CallRecord> = {}): CallRecord => ({
  ...{ operation: 'DescribeImages', service: 'ec2', accessKeyId: 'AKID' },
  ...{ at: 1_000, ms: 2, status: 200, requestId: 'r', ...more },
});

it('keeps the last calls in order, and counts all', () => {
  const log = new CallLog(3);
  for (let at = 1; at <= 5; at++) log.add(call({ at }));
  const { calls, totals, forgotten } = log.report();
  expect(calls.map(({ at }) => at)).toEqual([3, 4, 5]);
  expect(forgotten).toBe(2);
  expect(totals).toEqual([{ service: 'ec2', operation: 'DescribeImages', calls: 5, failed: 0, codes: {} }]);
  expect(log.count).toBe(5);
});

it('counts failures by their codes', () => {
  const log = new CallLog();
  log.add(call({ code: 'Throttling', status: 400 }));
  log.add(call({ code: 'Throttling', status: 400 }));
  log.add(call({ code: 'ConnectionCut', status: 0 }));
  log.add(call());
  expect(log.report().totals).toMatchObject([{ calls: 4, failed: 3, codes: { Throttling: 2, ConnectionCut: 1 } }]);
});

it('finds calls by operation, service, code, time and number', () => {
  const log = new CallLog();
  log.add(call({ at: 1 }));
  log.add(call({ at: 2, operation: 'CreateImage', code: 'X', status: 400 }));
  log.add(call({ at: 3, operation: 'PutObject', service: 's3' }));
  const times = (query: object) => log.report(query).calls.map(({ at }) => at);
  expect(times({ operation: '*Image*' })).toEqual([1, 2]);
  expect(times({ service: 's3' })).toEqual([3]);
  expect(times({ code: 'X' })).toEqual([2]);
  expect(times({ since: 2 })).toEqual([2, 3]);
  expect(times({ limit: 1 })).toEqual([3]);
  expect(times({ limit: 0 })).toEqual([]);
  expect(log.report({ operation: 'CreateImage' }).totals).toMatchObject([{ calls: 1 }]);
  expect([log.total('CreateImage'), log.total('Describe*'), log.total('Nothing')]).toEqual([1, 1, 0]);
});

it('starts again from nothing after a reset', () => {
  const log = new CallLog(2);
  for (let at = 1; at <= 3; at++) log.add(call({ at }));
  log.reset();
  log.add(call({ at: 9 }));
  expect(log.report()).toMatchObject({ calls: [{ at: 9 }], totals: [{ calls: 1 }], forgotten: 0 });
});

it('stays small whatever callers invent', () => {
  const log = new CallLog(10);
  for (let i = 0; i < 3_000; i++) log.add(call({ operation: `${'x'.repeat(300)}${i}`.slice(i % 150), code: `C${i}` }));
  const { calls, totals } = log.report();
  expect(calls.every(({ operation }) => operation.length <= 200)).toBe(true);
  expect(totals.length).toBeLessThanOrEqual(1_001);
  expect(totals.reduce((sum, total) => sum + total.calls, 0)).toBe(3_000);
  expect(totals.every(({ codes }) => Object.keys(codes).length <= 100)).toBe(true);
});
