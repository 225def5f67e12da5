import { describe, expect, it } from 'vitest';
import { need } from '../../src/engine/need.ts';

interface Facts {
  host?: { id: string };
  detached?: { minimum: number } | null;
  count?: number;
}

describe('a fact that a step needs', () => {
  it('is given when an earlier step has found it, also when it is 0', () => {
    const facts: Facts = { host: { id: 'i-1' }, count: 0 };
    expect(need(facts, 'host').id).toBe('i-1');
    expect(need(facts, 'count')).toBe(0);
  });

  it.each([{}, { detached: null }])('is named when no step has found it: %j', (facts: Facts) => {
    expect(() => need(facts, 'detached')).toThrow('this step needs detached, which no step before it has found');
  });
});
