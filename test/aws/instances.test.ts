import { CreateTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { tagMachines } from '../../src/aws/instances.ts';

const refusal = (name: string, message: string) => Object.assign(new Error(message), { name });

it('tags the machines that there are when the cloud does not know some', async () => {
  const ec2 = mockClient(EC2Client);
  ec2
    .on(CreateTagsCommand)
    .rejectsOnce(refusal('InvalidInstanceID.NotFound', "The instance IDs 'i-0b, i-0c' do not exist"))
    .resolves({});
  await tagMachines(new EC2Client({}), ['i-0a', 'i-0b', 'i-0c'], { version: 'v1' });
  expect(ec2.commandCalls(CreateTagsCommand).map((call) => call.args[0].input.Resources)).toEqual([
    ['i-0a', 'i-0b', 'i-0c'],
    ['i-0a'],
  ]);
});

it('asks for nothing when none is known, and tells any other refusal', async () => {
  const ec2 = mockClient(EC2Client);
  const asked = ec2.on(CreateTagsCommand);
  asked.rejects(refusal('InvalidInstanceID.NotFound', "The instance ID 'i-0a' does not exist"));
  await tagMachines(new EC2Client({}), ['i-0a'], { version: 'v1' });
  expect(ec2.commandCalls(CreateTagsCommand)).toHaveLength(1);
  asked.rejects(refusal('UnauthorizedOperation', 'You may not tag i-0a'));
  await expect(tagMachines(new EC2Client({}), ['i-0a'], { version: 'v1' })).rejects.toThrow('may not tag');
});
