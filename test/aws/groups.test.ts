import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { replaceInstance } from '../../src/aws/groups.ts';

const validation = (message: string) => Object.assign(new Error(message), { name: 'ValidationError' });

it('an instance that has left its group needs no replacing; another refusal is told', async () => {
  const client = mockClient(AutoScalingClient);
  const asked = client.on(TerminateInstanceInAutoScalingGroupCommand);
  asked.rejects(validation('Instance Id not found - No managed instance found for instance ID: i-1'));
  await expect(replaceInstance(new AutoScalingClient({}), 'i-1')).resolves.toBeUndefined();
  asked.rejects(validation('Instance i-1 is already terminating.'));
  await expect(replaceInstance(new AutoScalingClient({}), 'i-1')).rejects.toThrow('already terminating');
});
