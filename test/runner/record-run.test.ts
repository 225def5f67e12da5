import { PipelineError } from '@golden-pipeline/shared/errors';
import { expect, it } from 'vitest';
import { Interrupted } from '../../src/engine/interrupt.ts';
import { committedFact, errorFacts } from '../../src/runner/record-run.ts';
import { createRedact } from '../../src/shared/redact.ts';

const redact = createRedact(['hunter2-secret']);

it('the record of a run has the error with details and fix, without secrets', () => {
  const error = new PipelineError('bake.failed', 'no image with hunter2-secret', {
    details: ['password=abcdef'],
    fix: 'bake again',
  });
  expect(errorFacts(error, redact)).toEqual({
    error: {
      code: 'bake.failed',
      message: 'no image with [redacted]',
      fix: 'bake again',
      details: ['password=[redacted]'],
    },
  });
});

it('the record of an interrupted run has the signal, and that of a run that is done has nothing', () => {
  expect(errorFacts(new Interrupted('SIGTERM'), redact)).toMatchObject({
    error: { code: 'run.interrupted', message: 'interrupted by SIGTERM' },
    signal: 'SIGTERM',
  });
  expect(errorFacts(undefined, redact)).toEqual({});
  expect(errorFacts(new TypeError('x is undefined'), redact)).toEqual({
    error: { code: 'unexpected', message: 'x is undefined', details: [] },
  });
});

it('the record says that a run had committed its work, whatever its outcome', () => {
  const steps = [{ id: 'bake' }, { id: 'verify', commits: true }, { id: 'announce' }];
  expect(committedFact(steps, (id) => id !== 'announce')).toEqual({ committed: true });
  expect(committedFact(steps, (id) => id === 'bake')).toEqual({});
});
