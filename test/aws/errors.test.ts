import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createClients } from '../../src/aws/clients.ts';
import { awsCode, isNotFound, toPipelineError } from '../../src/aws/errors.ts';
import { PipelineError } from '../../src/shared/errors.ts';

const refusal = (name: string, message = 'm') => Object.assign(new Error(message), { name });

describe('errors of the SDK', () => {
  it('keep their code through the wrapping', () => {
    const wrapped = toPipelineError(refusal('InvalidAMIID.NotFound'), 'DescribeImages');
    expect(awsCode(wrapped)).toBe('InvalidAMIID.NotFound');
    expect(isNotFound(wrapped)).toBe(true);
    expect(isNotFound(refusal('TargetGroupNotFoundException'))).toBe(true);
    expect(isNotFound(refusal('AccessDenied'))).toBe(false);
  });

  it('name operation, message and cure', () => {
    const error = toPipelineError(refusal('UnauthorizedOperation', 'not allowed to do this'), 'CreateImage');
    expect(error.message).toBe('CreateImage failed: not allowed to do this (UnauthorizedOperation)');
    expect(error.hint).toContain('permission');
  });

  it('reach the caller as errors for a person, also when nothing answers', async () => {
    const { ec2 } = createClients({
      region: 'eu-west-1',
      // Port 1 of an address that is nobody's: refused at once.
      endpoint: 'http://127.254.254.254:1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const failure = await ec2.send(new DescribeInstancesCommand({})).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PipelineError);
    expect((failure as PipelineError).message).toMatch(/^DescribeInstances failed: .*ECONNREFUSED/);
    expect((failure as PipelineError).hint).toContain('endpoint');
  });
});
