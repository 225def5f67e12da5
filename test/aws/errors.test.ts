import { describe, expect, it } from 'vitest';
import { awsCode, isNotFound, toPipelineError } from '../../src/aws/errors.ts';
import { refusal } from './support/refusal.ts';

describe('errors of the SDK', () => {
  it('keep their code when they are wrapped', () => {
    const wrapped = toPipelineError(refusal('InvalidAMIID.NotFound'), 'DescribeImages');
    expect(awsCode(wrapped)).toBe('InvalidAMIID.NotFound');
    expect(isNotFound(wrapped)).toBe(true);
    expect(isNotFound(refusal('TargetGroupNotFoundException'))).toBe(true);
    expect(isNotFound(refusal('AccessDenied'))).toBe(false);
  });

  it('name operation, message and fix', () => {
    const error = toPipelineError(refusal('UnauthorizedOperation', 'not allowed to do this'), 'CreateImage');
    expect(error.message).toBe('CreateImage failed: not allowed to do this (UnauthorizedOperation)');
    expect(error.fix).toContain('permission');
  });
});
