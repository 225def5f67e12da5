import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AwsClients } from '../../../src/aws/clients.ts';
import { validate } from '../../../src/release/steps/validate.ts';
import { journaled, journaledContext } from '../../fleet/support/journaled-context.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);
const aws = { ec2 } as AwsClients;
const launched = journaled('launch-validation-instance', 'ami-1', { result: 'i-1' });
const running = { Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name: 'running' as const } }] }] };

beforeEach(() => {
  mock.reset();
  mock.on(DescribeInstancesCommand).resolves(running);
  mock.on(TerminateInstancesCommand).resolves({});
});

describe('the undo of a validation', () => {
  it.each([
    ['whose process died between intent and outcome', {}],
    ['that was refused', { error: 'RequestLimitExceeded' }],
  ])('terminates again after a termination %s', async (_when, end) => {
    const { context, made } = journaledContext({}, { aws }, [launched, journaled('terminate-instance', 'i-1', end)]);
    await validate.undo?.(context);
    expect(made).toEqual(['terminate-instance i-1']);
    expect(mock.commandCalls(TerminateInstancesCommand)[0]?.args[0].input).toEqual({ InstanceIds: ['i-1'] });
  });

  it('looks for no instance of a launch that a zone had no capacity for', async () => {
    const refused = journaled('launch-validation-instance', 'ami-1', {
      result: { refused: 'InsufficientInstanceCapacity: no' },
    });
    const { context, made } = journaledContext({}, { aws }, [refused]);
    await validate.undo?.(context);
    expect(made).toEqual([]);
    expect(mock.calls()).toHaveLength(0);
  });

  it('has nothing to do once the instance was terminated', async () => {
    const ended = journaled('terminate-instance', 'i-1', { result: null });
    const { context, made } = journaledContext({}, { aws }, [launched, ended]);
    await validate.undo?.(context);
    expect(made).toEqual([]);
    expect(mock.calls()).toHaveLength(0);
  });
});
