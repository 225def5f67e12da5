import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AwsClients } from '../../../src/aws/clients.ts';
import { bootBuilder } from '../../../src/release/steps/boot-builder.ts';
import { journaled, journaledContext } from '../../fleet/support/journaled-context.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);
const aws = { ec2 } as AwsClients;
const instance = (Name: 'pending' | 'running' | 'terminated') => ({
  Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name } }] }],
});

beforeEach(() => {
  mock.reset();
  mock.on(TerminateInstancesCommand).resolves({});
});

describe('the undo of a builder', () => {
  it('looks for the instance by its token until it shows, and launches none', async () => {
    mock.on(DescribeInstancesCommand).resolvesOnce({ Reservations: [] }).resolves(instance('pending'));
    const { context, made } = journaledContext({}, { aws }, [journaled('launch-builder', 'ami-1')]);
    await bootBuilder.undo?.(context);
    expect(made).toEqual(['terminate-instance i-1']);
    expect(mock.commandCalls(DescribeInstancesCommand)[0]?.args[0].input.Filters).toEqual([
      { Name: 'client-token', Values: ['token-of-launch-builder'] },
    ]);
    expect(mock.commandCalls(RunInstancesCommand)).toHaveLength(0);
  });

  it('treats a launch that shows no instance as refused', async () => {
    mock.on(DescribeInstancesCommand).resolves({ Reservations: [] });
    const refused = journaled('launch-builder', 'ami-1', { error: 'InsufficientInstanceCapacity' });
    const { context, made } = journaledContext({}, { aws }, [refused]);
    await bootBuilder.undo?.(context);
    expect(made).toEqual([]);
    expect(mock.commandCalls(DescribeInstancesCommand).length).toBeGreaterThan(5);
  });

  it('waits for a known instance that EC2 does not show yet, as its termination would be answered "not found"', async () => {
    const unseen = Object.assign(new Error('unseen'), { name: 'InvalidInstanceID.NotFound' });
    mock.on(DescribeInstancesCommand).rejectsOnce(unseen).resolves(instance('running'));
    const { context, made } = journaledContext({}, { aws }, [journaled('launch-builder', 'ami-1', { result: 'i-1' })]);
    await bootBuilder.undo?.(context);
    expect(made).toEqual(['terminate-instance i-1']);
    expect(mock.commandCalls(DescribeInstancesCommand)).toHaveLength(2);
  });

  it('leaves an instance alone that is already terminated', async () => {
    mock.on(DescribeInstancesCommand).resolves(instance('terminated'));
    const { context, made } = journaledContext({}, { aws }, [journaled('launch-builder', 'ami-1', { result: 'i-1' })]);
    await bootBuilder.undo?.(context);
    expect(made).toEqual([]);
  });

  it('passes a failed reading on, instead of treating it as a missing instance', async () => {
    mock.on(DescribeInstancesCommand).rejects(Object.assign(new Error('denied'), { name: 'UnauthorizedOperation' }));
    const { context } = journaledContext({}, { aws }, [journaled('launch-builder', 'ami-1')]);
    await expect(bootBuilder.undo?.(context)).rejects.toThrow('denied');
  });
});
