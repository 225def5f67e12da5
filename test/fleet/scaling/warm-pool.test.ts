import {
  AutoScalingClient,
  DeleteTagsCommand,
  DescribeTagsCommand,
  DescribeWarmPoolCommand,
  PutWarmPoolCommand,
} from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { AwsClients } from '../../../src/aws/clients.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import type { JournaledChange } from '../../../src/engine/step.ts';
import { preparePool, restorePool } from '../../../src/fleet/scaling/warm-pool.ts';
import { journaled, journaledContext } from '../support/journaled-context.ts';

const calls = mockClient(AutoScalingClient);
afterAll(() => calls.restore());
const fleet = { release: { pollSeconds: 5, timeouts: { drain: 600 } } } as Fleet;

beforeEach(() => {
  calls.reset();
});

/** Of a group without a pool of ours, as its tags say. */
function contextOf(changes: JournaledChange[] = []) {
  const aws = { autoScaling: new AutoScalingClient({ region: 'eu-west-1' }) } as AwsClients;
  const { context, made } = journaledContext({ group: 'api' }, { aws, fleet }, changes);
  const told: string[] = [];
  context.progress = (message) => told.push(message);
  context.note = (message) => told.push(message);
  calls.on(DescribeTagsCommand).resolves({ Tags: [] });
  return { context, made, told };
}

it('a warm pool waits until the former one is gone, which AWS requires', async () => {
  const { context, made, told } = contextOf();
  const ending = { WarmPoolConfiguration: { Status: 'PendingDelete' as const } };
  calls.on(DescribeWarmPoolCommand).resolvesOnce(ending).resolvesOnce(ending).resolves({});
  await preparePool(context, 'Running', 8);
  expect(calls.commandCalls(DescribeWarmPoolCommand)).toHaveLength(3);
  expect(told).toEqual(Array(2).fill('the instances of the former warm pool of api are ending'));
  expect(made).toEqual(['put-warm-pool api']);
  expect(calls.commandCalls(PutWarmPoolCommand)[0]?.args[0].input).toMatchObject({ MaxGroupPreparedCapacity: 8 });
});

it('a former warm pool that is not deleted in time is named', async () => {
  const { context, made } = contextOf();
  calls.on(DescribeWarmPoolCommand).resolves({ WarmPoolConfiguration: { Status: 'PendingDelete' } });
  await expect(preparePool(context, 'Running', 8)).rejects.toMatchObject({
    code: 'wait.timeout',
    message: expect.stringContaining('the former warm pool of api to be gone'),
  });
  expect(made).toEqual([]);
});

it('an undo does not wait for a warm pool: one that AWS does not accept again is skipped, and the journal says so', async () => {
  const was = { state: 'Running', prepared: 8 };
  const { context, made, told } = contextOf([
    { ...journaled('delete-warm-pool', 'api', { result: null }), data: { was } },
  ]);
  calls.on(PutWarmPoolCommand).rejects(new Error('its warm pool is being deleted'));
  calls.on(DescribeTagsCommand).resolves({ Tags: [{ Key: 'golden-pipeline:warm-pool', Value: 'Running/8' }] });
  calls.on(DescribeWarmPoolCommand).resolves({ WarmPoolConfiguration: { Status: 'PendingDelete' } });
  await restorePool(context);
  expect(made).toEqual(['put-warm-pool api', 'delete-warm-pool api']);
  expect(calls.commandCalls(DeleteTagsCommand)).toHaveLength(1);
  expect(told).toEqual(['the warm pool of api is gone: its warm pool is being deleted']);
});
