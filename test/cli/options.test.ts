import { describe, expect, it } from 'vitest';
import { choice, duration, flag, negated, number, parseOptions, positive, text } from '../../src/cli/options.ts';

describe('the options of a command', () => {
  it('are read once into an object with types', () => {
    const raw = { force: true, method: 'rolling', reason: 'a sale', rate: '0.5', for: '2m', limit: '7', fleets: false };
    const spec = {
      ...{ force: flag, wait: flag, method: choice('switch', 'rolling'), reason: text, operation: text },
      ...{ rate: number, for: duration, limit: positive(20), fleets: negated },
    };
    expect(parseOptions(raw, spec)).toEqual({
      ...{ force: true, wait: false, method: 'rolling', reason: 'a sale', operation: undefined },
      ...{ rate: 0.5, for: 120_000, limit: 7, fleets: true },
    });
    expect(parseOptions({}, { limit: positive(20), method: choice('rolling') })).toEqual({
      limit: 20,
      method: undefined,
    });
  });

  it.each([
    [{ rate: 'often' }, '--rate "often" is not a number'],
    [{ listenerPort: 'x' }, '--listener-port "x" is not a number'],
    [{ for: '5' }, '--for "5" is not a duration'],
    [{ limit: '0' }, '--limit "0" is not a whole number above 0'],
  ])('%j are refused with their name and value', (raw, message) => {
    const spec = { rate: number, listenerPort: number, for: duration, limit: positive(20) };
    expect(() => parseOptions(raw, spec)).toThrowError(message);
  });
});
