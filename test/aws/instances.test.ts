import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  EC2Client,
  GetConsoleOutputCommand,
  type Instance,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  consoleOutput,
  findLaunched,
  groupInstances,
  readInstance,
  tagInstances,
  terminateInstance,
} from '../../src/aws/instances.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { refusal } from './support/refusal.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);
const instance = (InstanceId: string, state: 'pending' | 'running' | 'shutting-down' | 'terminated' = 'running') =>
  ({
    InstanceId,
    State: { Name: state },
    PrivateIpAddress: '10.0.0.1',
    ImageId: 'ami-1',
    Tags: [{ Key: tagKeys.version, Value: 'v2' }],
  }) satisfies Instance;
const answer = (...instances: Instance[]) => ({ Reservations: instances.map((one) => ({ Instances: [one] })) });

beforeEach(() => mock.reset());

describe('readMachine', () => {
  it('returns state, address, image and the version in its tag', async () => {
    mock.on(DescribeInstancesCommand).resolves(answer(instance('i-1')));
    expect(await readInstance(ec2, 'i-1')).toMatchObject({
      id: 'i-1',
      state: 'running',
      address: '10.0.0.1',
      imageId: 'ami-1',
      version: 'v2',
    });
  });

  it('returns nothing for an instance that EC2 does not show, whichever error it returns', async () => {
    mock.on(DescribeInstancesCommand).rejectsOnce(refusal('InvalidInstanceID.NotFound')).resolves({ Reservations: [] });
    expect(await readInstance(ec2, 'i-1')).toBeUndefined();
    expect(await readInstance(ec2, 'i-1')).toBeUndefined();
  });

  it.each(['RequestLimitExceeded', 'UnauthorizedOperation', 'InvalidInstanceID.Malformed', 'TimeoutError'])(
    'does not treat %s as a missing instance',
    async (name) => {
      mock.on(DescribeInstancesCommand).rejects(refusal(name));
      await expect(readInstance(ec2, 'i-1')).rejects.toMatchObject({ name });
    },
  );
});

describe('groupMachines', () => {
  it('reads every page, and returns only instances that run or may start', async () => {
    const pages: Record<string, DescribeInstancesCommandOutput> = {
      first: { ...answer(instance('i-1'), instance('i-2')), NextToken: 'more', $metadata: {} },
      more: { NextToken: 'still-more', $metadata: {} },
      'still-more': { ...answer(instance('i-3', 'pending')), $metadata: {} },
    };
    mock.on(DescribeInstancesCommand).callsFake(({ NextToken = 'first' }: { NextToken?: string }) => pages[NextToken]);
    expect((await groupInstances(ec2, 'api')).map((one) => one.id)).toEqual(['i-1', 'i-2', 'i-3']);
    const sent = mock.commandCalls(DescribeInstancesCommand).map((call) => call.args[0].input);
    expect(sent).toHaveLength(3);
    expect(sent[0]?.Filters).toEqual([
      { Name: 'tag:aws:autoscaling:groupName', Values: ['api'] },
      { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
    ]);
  });

  it('returns no partial fleet when a later page is refused', async () => {
    mock
      .on(DescribeInstancesCommand)
      .resolvesOnce({ ...answer(instance('i-1')), NextToken: 'more' })
      .rejects(refusal('RequestLimitExceeded'));
    await expect(groupInstances(ec2, 'api')).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
  });
});

describe('findLaunched', () => {
  it('finds by its token the instance of a launch whose answer was lost', async () => {
    mock.on(DescribeInstancesCommand).resolves(answer(instance('i-1', 'pending')));
    expect((await findLaunched(ec2, 'token-1'))?.id).toBe('i-1');
    expect(mock.commandCalls(DescribeInstancesCommand)[0]?.args[0].input).toEqual({
      Filters: [{ Name: 'client-token', Values: ['token-1'] }],
    });
  });

  it('omits terminated instances', async () => {
    mock.on(DescribeInstancesCommand).resolves(answer(instance('i-1', 'terminated'), instance('i-2', 'shutting-down')));
    expect(await findLaunched(ec2, 'token-1')).toBeUndefined();
    mock.on(DescribeInstancesCommand).resolves({});
    expect(await findLaunched(ec2, 'token-1')).toBeUndefined();
  });
});

describe('terminateMachine', () => {
  it('treats a missing instance as done, and no other error', async () => {
    mock.on(TerminateInstancesCommand).rejectsOnce(refusal('InvalidInstanceID.NotFound'));
    await expect(terminateInstance(ec2, 'i-1')).resolves.toBeUndefined();
    mock.on(TerminateInstancesCommand).rejects(refusal('OperationNotPermitted'));
    await expect(terminateInstance(ec2, 'i-1')).rejects.toMatchObject({ name: 'OperationNotPermitted' });
  });
});

describe('tagMachines', () => {
  const ids = Array.from({ length: 1500 }, (_, index) => `i-${index}`);

  it('tags a thousand instances per call, each one once', async () => {
    mock.on(CreateTagsCommand).resolves({});
    await tagInstances(ec2, ids, { [tagKeys.version]: 'v2' });
    const sent = mock.commandCalls(CreateTagsCommand).map((call) => call.args[0].input.Resources ?? []);
    expect(sent.map((one) => one.length)).toEqual([1000, 500]);
    expect(sent.flat()).toEqual(ids);
  });

  it('fails when a later call is refused', async () => {
    mock.on(CreateTagsCommand).resolvesOnce({}).rejects(refusal('RequestLimitExceeded'));
    await expect(tagInstances(ec2, ids, {})).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
  });

  it('tags the existing instances when EC2 does not know some', async () => {
    mock
      .on(CreateTagsCommand)
      .rejectsOnce(refusal('InvalidInstanceID.NotFound', "The instance IDs 'i-0b, i-0c' do not exist"))
      .resolves({});
    await tagInstances(ec2, ['i-0a', 'i-0b', 'i-0c'], { version: 'v1' });
    expect(mock.commandCalls(CreateTagsCommand).map((call) => call.args[0].input.Resources)).toEqual([
      ['i-0a', 'i-0b', 'i-0c'],
      ['i-0a'],
    ]);
  });

  it('makes no call when no instance is known, and passes any other refusal on', async () => {
    const asked = mock.on(CreateTagsCommand);
    asked.rejects(refusal('InvalidInstanceID.NotFound', "The instance ID 'i-0a' does not exist"));
    await tagInstances(ec2, ['i-0a'], { version: 'v1' });
    expect(mock.commandCalls(CreateTagsCommand)).toHaveLength(1);
    asked.rejects(refusal('UnauthorizedOperation', 'You may not tag i-0a'));
    await expect(tagInstances(ec2, ['i-0a'], { version: 'v1' })).rejects.toThrow('may not tag');
  });
});

describe('consoleOutput', () => {
  it('is decoded, and undefined while there is no output', async () => {
    mock
      .on(GetConsoleOutputCommand)
      .resolvesOnce({ Output: Buffer.from('started ✓').toString('base64') })
      .resolves({});
    expect(await consoleOutput(ec2, 'i-1')).toBe('started ✓');
    expect(await consoleOutput(ec2, 'i-1')).toBeUndefined();
  });
});
