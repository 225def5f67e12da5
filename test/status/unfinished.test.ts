import { expect, it } from 'vitest';
import type { Ec2Instance } from '../../src/aws/instances.ts';
import type { Refresh } from '../../src/aws/refreshes.ts';
import { findUnfinished } from '../../src/status/unfinished.ts';

const instance = (id: string, more: Partial<Ec2Instance> = {}): Ec2Instance => ({
  id,
  state: 'running',
  address: '',
  imageId: 'ami-2',
  version: 'v1',
  switched: 'run-1',
  launchedAt: 0,
  ...more,
});
const refresh: Refresh = { id: 'r-1', status: 'Failed', reason: 'no capacity', percentage: 50, remaining: 1 };
const replaced = instance('i-3', { imageId: 'ami-1', switched: undefined });
const seen = {
  group: 'api',
  instances: [instance('i-1'), instance('i-2'), replaced],
  refresh,
  current: { imageId: 'ami-1', version: 'v1' },
  busy: false,
};
const finish = 'pipeline fast-rollback api v1 --method rolling';

it('status names a refresh that did not succeed, the instances with the old image, and the command', () => {
  expect(findUnfinished('api', seen)).toEqual({
    group: 'api',
    instances: 2,
    refresh: { id: 'r-1', status: 'Failed', reason: 'no capacity' },
    finish,
  });
  // One that never started, after one that ended well.
  const none = { group: 'api', instances: 2, refresh: null, finish };
  expect(findUnfinished('api', { ...seen, refresh: { ...refresh, status: 'Successful' } })).toEqual(none);
  expect(findUnfinished('api', { ...seen, refresh: undefined })).toEqual(none);
});

it('status reports no unfinished refresh while a run or a refresh is active, nor for instances with their own image', () => {
  expect(findUnfinished('api', { ...seen, busy: true })).toBeNull();
  expect(findUnfinished('api', { ...seen, refresh: { ...refresh, status: 'InProgress' } })).toBeNull();
  expect(findUnfinished('api', { ...seen, instances: [replaced] })).toBeNull();
  // An in-place switch that was rolled back leaves its mark.
  expect(findUnfinished('api', { ...seen, current: { imageId: 'ami-2', version: 'v2' } })).toBeNull();
});
