import {
  AutoScalingClient,
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeTagsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DescribeCapacityReservationCommand,
  ElasticLoadBalancingV2Client,
  ModifyCapacityReservationCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { AwsClients } from '../../src/aws/clients.ts';
import type { JournaledChange } from '../../src/engine/step.ts';
import { heldTag } from '../../src/fleet/scaling/held-size.ts';
import type { ScaleContext } from '../../src/scale/state.ts';
import { cancelScale } from '../../src/scale/steps/cancel.ts';
import { journaled, journaledContext } from '../fleet/support/journaled-context.ts';

const groups = mockClient(AutoScalingClient);
const balancers = mockClient(ElasticLoadBalancingV2Client);
afterAll(() => {
  groups.restore();
  balancers.restore();
});
const region = 'eu-west-1';
const aws = {
  autoScaling: new AutoScalingClient({ region }),
  elb: new ElasticLoadBalancingV2Client({ region }),
} as AwsClients;

beforeEach(() => {
  groups.reset();
  balancers.reset();
  groups.on(DescribeTagsCommand).resolves({});
  has({ min: 4, desired: 4 });
});

const has = ({ min, desired }: { min: number; desired: number }) =>
  groups.on(DescribeAutoScalingGroupsCommand).resolves({
    AutoScalingGroups: [{ AutoScalingGroupName: 'api', MinSize: min, MaxSize: 12, DesiredCapacity: desired } as never],
  });
const reserved = (CapacityUnits: number) =>
  balancers.on(DescribeCapacityReservationCommand).resolves({ MinimumLoadBalancerCapacity: { CapacityUnits } });
const made = (action: string, target: string, data: Record<string, unknown>, error?: string): JournaledChange => ({
  ...journaled(action, target, error === undefined ? { result: null } : { error }),
  data,
});
const resized = (min: number, desired: number, error?: string) =>
  made('set-capacity', 'api', { min, desired, to: { min: 4, desired: 4 } }, error);

/** Undoes an end of an event that a process has begun; gives what was changed. */
async function undo(changes: JournaledChange[]): Promise<string[]> {
  const { context, made: told } = journaledContext({ group: 'api' }, { aws }, changes);
  await cancelScale.undo?.(context as unknown as ScaleContext);
  return told;
}
const sizes = () =>
  groups
    .commandCalls(UpdateAutoScalingGroupCommand)
    .map(({ args }) => [args[0].input.MinSize, args[0].input.DesiredCapacity]);

describe('the undo of the end of an event', () => {
  it('restores the size before the first change, when a resumed run has made it twice', async () => {
    has({ min: 4, desired: 8 });
    expect(await undo([resized(8, 8), resized(4, 8)])).toEqual(['restore-capacity api']);
    expect(sizes()).toEqual([[8, undefined]]);
  });

  it('restores the size when the call failed, but had taken effect', async () => {
    expect(await undo([resized(8, 8, 'the connection was cut')])).toEqual(['restore-capacity api']);
    expect(sizes()).toEqual([[8, 8]]);
  });

  it('changes nothing where nothing was changed', async () => {
    has({ min: 8, desired: 8 });
    const held = made('tag-group', 'api', { key: heldTag, was: null }, 'denied');
    expect(await undo([resized(8, 8, 'denied'), held])).toEqual([]);
    expect(sizes()).toEqual([]);
  });

  it('restores the value of each tag', async () => {
    const held = made('tag-group', 'api', { key: heldTag, was: '4/4/2026-11-27T08:00:00Z/-' });
    const units = made('tag-group', 'api', { key: 'golden-pipeline:units-from', was: '150/300' });
    expect(await undo([held, units])).toEqual(['tag-group api', 'tag-group api']);
    const tags = groups.commandCalls(CreateOrUpdateTagsCommand).map(({ args }) => args[0].input.Tags?.[0]);
    expect(tags.map((tag) => [tag?.Key, tag?.Value])).toEqual([
      [heldTag, '4/4/2026-11-27T08:00:00Z/-'],
      ['golden-pipeline:units-from', '150/300'],
    ]);
  });

  it('reserves again what was released, and reports what it cannot reserve', async () => {
    const released = made('release-capacity', 'balancer', { was: 300, units: 150 });
    reserved(150);
    expect(await undo([released])).toEqual(['restore-reservation balancer']);
    expect(balancers.commandCalls(ModifyCapacityReservationCommand)[0]?.args[0].input).toMatchObject({
      MinimumLoadBalancerCapacity: { CapacityUnits: 300 },
    });

    const pending = Object.assign(new Error('pending'), { name: 'CapacityReservationPendingException' });
    balancers.on(ModifyCapacityReservationCommand).rejects(pending);
    await expect(undo([released])).rejects.toMatchObject({
      code: 'scale.units-left',
      message: '150 capacity units are reserved, and not 300 as before (pending)',
    });
    // Somebody else has reserved more meanwhile.
    reserved(500);
    expect(await undo([released])).toEqual([]);
  });
});
