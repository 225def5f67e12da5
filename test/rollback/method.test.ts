import { describe, expect, it } from 'vitest';
import { chooseRollbackMethod, inPlaceFact, type MethodFacts, switchFact } from '../../src/rollback/method.ts';

const open = (why: string) => ({ open: true, why });
const closed = (why: string) => ({ open: false, why });
const all: MethodFacts = {
  switch: open('the old group runs'),
  'in-place': open('all hold it'),
  rolling: open('can be launched'),
};

describe('the rollback method', () => {
  it('is the fastest available one, and the others say why not', () => {
    expect(chooseRollbackMethod(all, 'auto')).toEqual({
      method: 'switch',
      why: 'the old group runs',
      rejected: [
        { method: 'in-place', why: 'slower' },
        { method: 'rolling', why: 'slower' },
      ],
    });
    expect(chooseRollbackMethod({ ...all, switch: closed('its window has passed') }, 'auto')).toMatchObject({
      method: 'in-place',
      rejected: [{ method: 'switch', why: 'its window has passed' }, { method: 'rolling' }],
    });
    expect(
      chooseRollbackMethod({ 'in-place': closed('i-1 lacks it'), rolling: open('can be launched') }, 'auto'),
    ).toMatchObject({
      method: 'rolling',
      rejected: [{ method: 'in-place', why: 'i-1 lacks it' }],
    });
  });

  it('is the requested one when it is available', () => {
    expect(chooseRollbackMethod(all, 'rolling')).toMatchObject({
      method: 'rolling',
      rejected: [
        { method: 'switch', why: 'not requested; the old group runs' },
        { method: 'in-place', why: 'not requested; all hold it' },
      ],
    });
  });

  it('is refused with the possible ones otherwise', () => {
    const facts = { 'in-place': closed('i-1 lacks it'), rolling: open('can be launched') };
    expect(() => chooseRollbackMethod(facts, 'in-place')).toThrow(
      expect.objectContaining({
        code: 'rollback.method-unavailable',
        message: 'method in-place is not available: i-1 lacks it',
        fix: 'available: --method rolling (can be launched)',
      }),
    );
    expect(() => chooseRollbackMethod(facts, 'switch')).toThrow('only one group');
    expect(() => chooseRollbackMethod({ 'in-place': closed('a'), rolling: closed('b') }, 'auto')).toThrow(
      'no rollback method is available: in-place: a; rolling: b',
    );
  });
});

describe('the method switch', () => {
  const seen = { group: 'api-green', template: { id: 'lt-1', version: '1' }, healthy: 8, needed: 8, why: '' };

  it('is possible while the group runs the version, and states how many of the required instances are healthy', () => {
    expect(switchFact('v1', seen)).toEqual({
      open: true,
      why: 'api-green still runs v1, 8 of 8 instances healthy',
    });
    expect(switchFact('v1', { ...seen, template: undefined, why: 'api-green has no instances any more' })).toEqual({
      open: false,
      why: 'api-green has no instances any more',
    });
  });

  it('gives precedence to in-place while it waits for instances, but not to rolling, nor when it is requested', () => {
    const waiting = switchFact('v1', { ...seen, healthy: 4 });
    const why = 'api-green still runs v1, 4 of 8 instances healthy: it has to grow first';
    expect(waiting).toEqual({ open: true, why, waits: true });
    expect(chooseRollbackMethod({ ...all, switch: waiting }, 'auto')).toEqual({
      method: 'in-place',
      why: 'all hold it',
      rejected: [
        { method: 'switch', why: `slower: ${why}` },
        { method: 'rolling', why: 'slower' },
      ],
    });
    expect(chooseRollbackMethod({ ...all, switch: waiting, 'in-place': closed('i-1 lacks it') }, 'auto').method).toBe(
      'switch',
    );
    expect(chooseRollbackMethod({ ...all, switch: waiting }, 'switch').method).toBe('switch');
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
