import { PipelineError } from '@golden-pipeline/shared/errors';
import { describe, expect, it, vi } from 'vitest';
import { toPipelineError } from '../../src/aws/errors.ts';
import { isAmbiguous, observed, observedChange } from '../../src/aws/observed.ts';
import { lostAnswer, refusal } from './support/refusal.ts';

const failure = ($metadata: object) => Object.assign(new Error('no'), { $metadata });

describe('the end of a call is ambiguous', () => {
  it.each([
    ['a lost answer', lostAnswer(), true],
    ['a lost answer, as the clients of the product report it', toPipelineError(lostAnswer(), 'EnterStandby'), true],
    ['an answer of a failing service', failure({ httpStatusCode: 503, attempts: 5 }), true],
    ['a refusal of a repeated attempt', failure({ httpStatusCode: 400, attempts: 2 }), true],
    ['a refusal', refusal('ValidationError'), false],
    ['a failure of the product itself', new PipelineError('group.missing', 'there is no group'), false],
  ])('%s: %j', (_what, error, expected) => {
    expect(isAmbiguous(error)).toBe(expected);
  });
});

describe('observed', () => {
  it('reads nothing after an answer', async () => {
    const observe = vi.fn();
    expect(await observed(async () => 'rule-1', observe)).toBe('rule-1');
    expect(observe).not.toHaveBeenCalled();
  });

  it('takes what is seen for the answer that was lost', async () => {
    expect(
      await observed(
        () => Promise.reject(lostAnswer()),
        async () => 'rule-1',
      ),
    ).toBe('rule-1');
  });

  it.each([
    ['is not in effect', async () => undefined],
    ['cannot be observed', () => Promise.reject(new Error('also lost'))],
  ])('fails as the change did when it %s', async (_what, observe) => {
    await expect(observed(() => Promise.reject(lostAnswer()), observe)).rejects.toThrow('socket hang up');
  });

  it('does not ask about a change that was refused', async () => {
    const isInEffect = vi.fn(async () => true);
    await expect(observedChange(() => Promise.reject(refusal('ValidationError')), isInEffect)).rejects.toThrow();
    expect(isInEffect).not.toHaveBeenCalled();
  });

  it('of a change without an answer fails when it is not in effect', async () => {
    const lost = () => Promise.reject(lostAnswer());
    await expect(observedChange(lost, async () => false)).rejects.toThrow('socket hang up');
    await expect(observedChange(lost, async () => true)).resolves.toBeUndefined();
  });
});
