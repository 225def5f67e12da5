import { describe, expect, it } from 'vitest';
import { chooseRollbackMethod, inPlaceFact, type MethodFacts, switchFact } from '../../src/rollback/method.ts';

const open = (why: string) => ({ open: true, why });
const closed = (why: string) => ({ open: false, why });
const all: MethodFacts = {
  switch: open('the old group runs'),
  flip: open('all hold it'),
  roll: open('can be launched'),
};

describe('the way back', () => {
  it('is the fastest that is open, and the others say why not', () => {
    expect(chooseRollbackMethod(all, 'auto')).toEqual({
      how: 'switch',
      why: 'the old group runs',
      rejected: [
        { how: 'flip', why: 'slower' },
        { how: 'roll', why: 'slower' },
      ],
    });
    expect(chooseRollbackMethod({ ...all, switch: closed('its window has passed') }, 'auto')).toMatchObject({
      how: 'flip',
      rejected: [{ how: 'switch', why: 'its window has passed' }, { how: 'roll' }],
    });
    expect(chooseRollbackMethod({ flip: closed('i-1 lacks it'), roll: open('can be launched') }, 'auto')).toMatchObject(
      {
        how: 'roll',
        rejected: [{ how: 'flip', why: 'i-1 lacks it' }],
      },
    );
  });

  it('is the one asked for when it is open', () => {
    expect(chooseRollbackMethod(all, 'roll')).toMatchObject({
      how: 'roll',
      rejected: [
        { how: 'switch', why: 'not asked for; the old group runs' },
        { how: 'flip', why: 'not asked for; all hold it' },
      ],
    });
  });

  it('is refused with the possible ones otherwise', () => {
    const facts = { flip: closed('i-1 lacks it'), roll: open('can be launched') };
    expect(() => chooseRollbackMethod(facts, 'flip')).toThrow(
      expect.objectContaining({
        code: 'rollback.way-closed',
        message: 'no way back by flip: i-1 lacks it',
        hint: 'this is open: --how roll (can be launched)',
      }),
    );
    expect(() => chooseRollbackMethod(facts, 'switch')).toThrow('only one group');
    expect(() => chooseRollbackMethod({ flip: closed('a'), roll: closed('b') }, 'auto')).toThrow(
      'there is no way back: flip: a; roll: b',
    );
  });
});

describe('the method switch', () => {
  const seen = { group: 'api-green', template: { id: 'lt-1', version: '1' }, healthy: 8, needed: 8, why: '' };

  it('is possible while the group runs the version, and states how many of the required instances are healthy', () => {
    expect(switchFact('v1', seen)).toEqual({
      open: true,
      why: 'api-green still runs v1, 8 of 8 machines healthy',
    });
    expect(switchFact('v1', { ...seen, template: undefined, why: 'api-green has no machines any more' })).toEqual({
      open: false,
      why: 'api-green has no machines any more',
    });
  });

  it('gives precedence to in-place while it waits for instances, but not to rolling, nor when it is requested', () => {
    const waiting = switchFact('v1', { ...seen, healthy: 4 });
    const why = 'api-green still runs v1, 4 of 8 machines healthy: it has to grow first';
    expect(waiting).toEqual({ open: true, why, waits: true });
    expect(chooseRollbackMethod({ ...all, switch: waiting }, 'auto')).toEqual({
      how: 'flip',
      why: 'all hold it',
      rejected: [
        { how: 'switch', why: `slower: ${why}` },
        { how: 'roll', why: 'slower' },
      ],
    });
    expect(chooseRollbackMethod({ ...all, switch: waiting, flip: closed('i-1 lacks it') }, 'auto').how).toBe('switch');
    expect(chooseRollbackMethod({ ...all, switch: waiting }, 'switch').how).toBe('switch');
  });
});

describe('the method in-place', () => {
  it('requires the environment on every host', () => {
    const holds = { id: 'i-1', environments: ['v2', 'v1'] };
    expect(inPlaceFact('v1', [holds, { ...holds, id: 'i-2' }])).toEqual({
      open: true,
      why: 'all 2 hosts hold the environment of v1',
    });
    expect(inPlaceFact('v1', [])).toMatchObject({ open: false, why: 'no host serves' });
    expect(inPlaceFact('v1', [holds, { id: 'i-2', environments: undefined }])).toEqual({
      open: false,
      why: 'i-2 of 2 hosts does not hold the environment of v1',
    });
    const many = Array.from({ length: 5 }, (_, index) => ({ id: `i-${index}`, environments: ['v2'] }));
    expect(inPlaceFact('v1', many).why).toBe('i-0, i-1, i-2 and 2 more of 5 hosts do not hold the environment of v1');
  });
});
