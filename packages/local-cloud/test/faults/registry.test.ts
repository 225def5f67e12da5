import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { fitsCall, matchesName } from '../../src/faults/match.ts';
import { FaultRegistry } from '../../src/faults/registry.ts';

function setUp(chances: number[] = []) {
  const clock = new ManualClock();
  return { clock, registry: new FaultRegistry({ clock, random: () => chances.shift() ?? 0 }) };
}

const call = { service: 'ec2', operation: 'CreateImage', region: 'eu-west-1' };

describe('FaultRegistry', () => {
  it('strikes at the rate that chance has it, and counts', () => {
    const { registry } = setUp([0.05, 0.1, 0.99, 0.09]);
    registry.add({ kind: 'error', rate: 0.1 });
    const struck = [1, 2, 3, 4].map(() => registry.strike('error') !== undefined);
    expect(struck).toEqual([true, false, false, true]);
    expect(registry.list()).toMatchObject([{ id: 'f-1', hits: 2, active: true }]);
  });

  it('CLD-FLT-12 strikes no oftener than its count, and no longer than its time', async () => {
    const { registry, clock } = setUp();
    registry.add({ kind: 'error', count: 2 });
    expect([1, 2, 3].map(() => registry.strike('error')?.id)).toEqual(['f-1', 'f-1', undefined]);
    registry.add({ kind: 'error', forMs: 1_000 });
    await clock.advance(999);
    expect(registry.strike('error')?.id).toBe('f-2');
    await clock.advance(1);
    expect(registry.strike('error')).toBeUndefined();
    expect(registry.list().map(({ active }) => active)).toEqual([false, false]);
  });

  it('keeps the verdict of a subject, also when the count is used up', () => {
    const { registry } = setUp([0.9, 0.1, 0.1]);
    registry.add({ kind: 'never-healthy', rate: 0.5, count: 1 });
    const struck = (id: string) => registry.strikeOnce('never-healthy', id) !== undefined;
    expect([struck('a'), struck('b'), struck('c')]).toEqual([false, true, false]);
    expect([struck('a'), struck('b'), struck('c')]).toEqual([false, true, false]);
    registry.clear('f-1');
    expect(struck('b')).toBe(false);
  });

  it('clears one or all, and says how many there were', () => {
    const { registry } = setUp();
    for (let i = 0; i < 3; i++) registry.add({ kind: 'latency' });
    expect([registry.clear('f-2'), registry.clear('f-2'), registry.clear('f-9')]).toEqual([1, 0, 0]);
    expect(registry.list().map(({ id }) => id)).toEqual(['f-1', 'f-3']);
    expect(registry.clear()).toBe(2);
    expect(registry.list()).toEqual([]);
    expect(registry.add({ kind: 'latency' }).id).toBe('f-4');
  });

  it('replaces rules that have ended, and refuses more than it can keep', () => {
    const { registry } = setUp();
    for (let i = 0; i < 200; i++) registry.add({ kind: 'error', count: 1 });
    expect(() => registry.add({ kind: 'error' })).toThrow('200 faults already');
    registry.strike('error');
    expect(registry.add({ kind: 'error' }).id).toBe('f-201');
    expect(registry.list()).toHaveLength(200);
  });
});

describe('what a rule fits', () => {
  it.each([
    ['CreateImage', 'CreateImage', true],
    ['createimage', 'CreateImage', true],
    ['Create', 'CreateImage', false],
    ['Describe*', 'DescribeImages', true],
    ['*Image', 'CreateImage', true],
    ['*Image', 'DescribeImages', false],
    ['*', 'anything', true],
    ['De*be*s', 'DescribeImages', true],
    ['a*a', 'a', false],
    ['a*b*c', 'acb', false],
  ])('%s and %s', (pattern, name, fits) => {
    expect(matchesName(pattern, name)).toBe(fits);
  });

  it('names, services and regions must all fit', () => {
    expect(fitsCall({ kind: 'error' }, call)).toBe(true);
    expect(fitsCall({ kind: 'error', service: 'ec2', region: 'eu-west-1', operation: 'Create*' }, call)).toBe(true);
    expect(fitsCall({ kind: 'error', service: 's3' }, call)).toBe(false);
    expect(fitsCall({ kind: 'error', region: 'eu-west-2' }, call)).toBe(false);
    expect(fitsCall({ kind: 'error', operation: 'DescribeImages' }, call)).toBe(false);
  });
});
