import { expect, it } from 'vitest';
import { poolCount, poolSize } from '../../../src/autoscaling/warm-pool/size.ts';
import type { GroupRecord } from '../../../src/model.ts';

const group = (warmPool: object | undefined, more: object = {}) =>
  ({ desiredCapacity: 4, maxSize: 10, instances: [], warmPool, ...more }) as unknown as GroupRecord;

it.each([
  ['no pool', undefined, {}, 0],
  ['up to the maximum size', { minSize: 0 }, {}, 6],
  ['up to the prepared capacity', { minSize: 0, maxPreparedCapacity: 7 }, {}, 3],
  ['none when the group holds more', { minSize: 0, maxPreparedCapacity: 2 }, {}, 0],
  ['its minimum at the least', { minSize: 2, maxPreparedCapacity: 4 }, {}, 2],
  ['none while it is deleted', { minSize: 2, deleting: true }, {}, 0],
  ['none while the group is deleted', { minSize: 2 }, { deleting: true }, 0],
])('the size of the pool: %s', (_what, pool, more, size) => {
  expect(poolSize(group(pool, more))).toBe(size);
});

it('counts members and what returns to the pool, but not what leaves', () => {
  const instances = [
    { lifecycleState: 'Warmed:Stopped' },
    { lifecycleState: 'Warmed:Pending:Wait' },
    { lifecycleState: 'Warmed:Terminating' },
    { lifecycleState: 'InService' },
    { lifecycleState: 'Terminating', toWarmPool: true },
  ];
  expect(poolCount(group({ minSize: 0 }, { instances }))).toBe(3);
});
