import { describe, expect, it } from 'vitest';
import { PipelineError, usageError } from '../src/errors.ts';

describe('PipelineError', () => {
  it('carries code, fix, outcome, details and cause', () => {
    const cause = new Error('low');
    const error = new PipelineError('a.b', 'high', { fix: 'do', details: ['x'], cause });
    expect(error).toMatchObject({
      name: 'PipelineError',
      code: 'a.b',
      message: 'high',
      fix: 'do',
      outcome: 'failed',
      details: ['x'],
      cause,
    });
    expect('cause' in new PipelineError('a', 'b')).toBe(false);
  });

  it('a usage error has its outcome', () =>
    expect(usageError('a', 'b', 'c', ['d'])).toMatchObject({ outcome: 'usage', fix: 'c', details: ['d'] }));
});
