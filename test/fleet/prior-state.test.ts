import { expect, it } from 'vitest';
import { tagKeys } from '../../src/aws/tags.ts';
import { type PriorState, priorTags, readPrior } from '../../src/fleet/prior-state.ts';

const before: PriorState = {
  run: '20260101T000000-ab12',
  operation: 'fast-rollback',
  size: { min: 3, max: 6, desired: 4 },
  suspended: ['AZRebalance', 'AlarmNotification'],
  standby: ['i-0123456789abcdef0'],
  weight: 100,
};

it('what a group was before is read from its tags as it was written', () => {
  expect(readPrior('api', priorTags(before))).toEqual(before);
  const nothing: PriorState = { ...before, suspended: [], standby: [], weight: 0 };
  expect(readPrior('api', priorTags(nothing))).toEqual(nothing);
  expect(priorTags(before)[tagKeys.beforeSize]).toBe('min=3 max=6 desired=4');
});

it('the values have only what AWS allows in a tag, and fit into it', () => {
  const all = ['Launch', 'Terminate', 'AddToLoadBalancer', 'AlarmNotification', 'AZRebalance', 'HealthCheck'];
  const suspended = [...all, 'ReplaceUnhealthy', 'ScheduledActions', 'InstanceRefresh'];
  const standby = Array.from({ length: 40 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
  const tags = priorTags({ ...before, suspended, standby });
  for (const value of Object.values(tags)) expect(value).toMatch(/^[\w +\-=.:/@]{1,256}$/);
  // More instances than a tag can name prove nothing.
  expect(readPrior('api', tags)).toEqual({ ...before, suspended, standby: undefined });
});

it('a group without tags, or with the name of a run alone, says nothing of before', () => {
  expect(readPrior('api', {})).toBeUndefined();
  expect(readPrior('api', { [tagKeys.run]: before.run })).toBeUndefined();
});

it.each([
  [tagKeys.beforeSize, 'min=3 max=6'],
  [tagKeys.beforeSize, 'min=3 max=6 desired=-1'],
  [tagKeys.beforeSuspended, ''],
  [tagKeys.beforeSuspended, 'Launch,Terminate'],
  [tagKeys.beforeStandby, 'i-xyz'],
  [tagKeys.beforeWeight, '101'],
  [tagKeys.operation, 'Release now'],
])('tag %s with the value "%s" is refused', (key, value) => {
  expect(() => readPrior('api-blue', { ...priorTags(before), [key]: value })).toThrow(
    expect.objectContaining({
      code: 'fleet.unreadable-tag',
      message: expect.stringContaining(`tag ${key} of api-blue`),
    }),
  );
});

it('a group whose unreadable tags were removed, as the error says, can be tagged anew', () => {
  const left = Object.entries(priorTags(before)).filter(([key]) => !key.startsWith('golden-pipeline:before'));
  expect(readPrior('api', Object.fromEntries(left))).toBeUndefined();
});

it('a missing tag is refused', () => {
  const { [tagKeys.beforeSize]: _, ...others } = priorTags(before);
  expect(() => readPrior('api', others)).toThrow('is missing');
});
