import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import {
  deletePolicy,
  deleteScheduledActions,
  isOver,
  putPolicy,
  putScheduledActions,
  readPolicies,
  readScheduledActions,
  type ScheduledAction,
} from '../../src/aws/scaling-settings.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

/** ISO time so many hours after now. */
const hence = (hours: number) =>
  new Date(Math.floor(world.clock.now() / 60_000) * 60_000 + hours * 3_600_000).toISOString();
const names = (actions: ScheduledAction[]) => actions.map(({ name }) => name);

describe('scheduled actions', () => {
  it('are restored as they were read', async () => {
    const [from, to] = [await world.group(0, { MaxSize: 9 }), await world.group(0, { MaxSize: 9 })];
    const once = { name: 'once', start: hence(1), min: 1, max: 9, desired: 5 };
    const nightly = {
      name: 'nightly',
      start: hence(2),
      end: hence(900),
      recurrence: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      desired: 2,
    };
    await putScheduledActions(world.asg, from, [once, nightly], world.clock.now());
    const read = await readScheduledActions(world.asg, from);
    expect(read).toEqual([once, { ...nightly, start: expect.any(String) }]);
    await deleteScheduledActions(world.asg, from, ['once', 'nightly']);
    expect(await readScheduledActions(world.asg, from)).toEqual([]);
    await putScheduledActions(world.asg, to, read, world.clock.now());
    expect(await readScheduledActions(world.asg, to)).toEqual(read);
  });

  it('in the past are omitted, and a recurring one continues without its first start', async () => {
    const group = await world.group(0, { MaxSize: 9 });
    const actions = [
      { name: 'past', start: hence(-1), desired: 1 },
      { name: 'ended', start: hence(-9), end: hence(-1), recurrence: '0 3 * * *', desired: 1 },
      { name: 'recurs', start: hence(-9), recurrence: '0 3 * * *', desired: 1 },
      { name: 'soon', start: hence(1), desired: 1 },
    ];
    await putScheduledActions(world.asg, group, actions, world.clock.now());
    expect(names(await readScheduledActions(world.asg, group)).sort()).toEqual(['recurs', 'soon']);
  });

  it('are written in batches of 50, and read from all pages', async () => {
    const group = await world.group(0, { MaxSize: 9 });
    const many = Array.from({ length: 101 }, (_, n) => ({
      name: `a${String(n).padStart(3, '0')}`,
      start: hence(1 + n),
      desired: 1,
    }));
    await putScheduledActions(world.asg, group, many, world.clock.now());
    expect(names(await readScheduledActions(world.asg, group))).toEqual(names(many));
    await deleteScheduledActions(world.asg, group, names(many));
    expect(await readScheduledActions(world.asg, group)).toEqual([]);
  });

  it('that are refused are named with the reason, and the others of the batch are written', async () => {
    const group = await world.group(0, { MaxSize: 9 });
    const actions = [
      { name: 'good', start: hence(1), desired: 1 },
      { name: 'bad', start: hence(2), min: 5, max: 1 },
    ];
    await expect(putScheduledActions(world.asg, group, actions, world.clock.now())).rejects.toMatchObject({
      code: 'scheduled-actions.refused',
      message: `scheduled actions of ${group} were refused`,
      details: [expect.stringMatching(/^bad: ./)],
    });
    expect(names(await readScheduledActions(world.asg, group))).toEqual(['good']);
  });

  it('that are already gone can be deleted without an error, but another refusal is an error', async () => {
    const group = await world.group(0, { MaxSize: 9 });
    await putScheduledActions(world.asg, group, [{ name: 'one', start: hence(1), desired: 1 }], world.clock.now());
    await deleteScheduledActions(world.asg, group, ['gone', 'one']);
    expect(await readScheduledActions(world.asg, group)).toEqual([]);
    const asg = new AutoScalingClient({ region: 'eu-west-1' });
    const FailedScheduledActions = [{ ScheduledActionName: 'one', ErrorMessage: 'busy' }];
    mockClient(asg).onAnyCommand().resolves({ FailedScheduledActions });
    await expect(deleteScheduledActions(asg, group, ['one'])).rejects.toMatchObject({ details: ['one: busy'] });
  });

  it('cause no call when there are none', async () => {
    const asg = new AutoScalingClient({ region: 'eu-west-1' });
    const mock = mockClient(asg);
    await putScheduledActions(asg, 'api', [], 0);
    await deleteScheduledActions(asg, 'api', []);
    expect(mock.calls()).toEqual([]);
  });
});

describe('isOver', () => {
  const [before, now, after] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'];
  it.each<[string, Partial<ScheduledAction>, boolean]>([
    ['once, to come', { start: after }, false],
    ['once, now', { start: now }, true],
    ['once, without a time', {}, true],
    ['recurring, begun long ago', { start: before, recurrence: '0 3 * * *' }, false],
    ['recurring, to its end', { recurrence: '0 3 * * *', end: after }, false],
    ['recurring, past its end', { recurrence: '0 3 * * *', end: now }, true],
  ])('%s: %o is %s', (_what, action, over) => {
    expect(isOver({ name: 'one', ...action }, Date.parse(now))).toBe(over);
  });
});

describe('scaling policies', () => {
  it('are restored as they were read, each type with its own fields only', async () => {
    const group = await world.group(0, { MaxSize: 9 });
    const target = {
      PolicyName: 'target',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' as const },
        TargetValue: 50,
      },
    };
    const step = {
      PolicyName: 'step',
      PolicyType: 'StepScaling',
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 2 }],
    };
    const simple = {
      PolicyName: 'simple',
      PolicyType: 'SimpleScaling',
      AdjustmentType: 'ExactCapacity',
      ScalingAdjustment: 3,
      Cooldown: 60,
    };
    for (const settings of [target, step, simple]) {
      await putPolicy(world.asg, group, { name: settings.PolicyName, alarms: [], settings });
    }
    const read = await readPolicies(world.asg, group);
    expect(read.map(({ name }) => name).sort()).toEqual(['simple', 'step', 'target']);
    expect(read.find(({ name }) => name === 'simple')?.settings).not.toHaveProperty('StepAdjustments');
    expect(read.find(({ name }) => name === 'step')?.settings).toMatchObject(step);
    expect(read.find(({ name }) => name === 'target')?.settings).toMatchObject(target);
    for (const { name } of read) await deletePolicy(world.asg, group, name);
    expect(await readPolicies(world.asg, group)).toEqual([]);
    for (const policy of read) await putPolicy(world.asg, group, policy);
    expect(await readPolicies(world.asg, group)).toEqual(read);
  });

  it('include the alarms that trigger them, on every page, and omit a field that AWS no longer accepts', async () => {
    const asg = new AutoScalingClient({ region: 'eu-west-1' });
    const policy = (PolicyName: string, ...alarms: string[]) => ({
      ...{ PolicyName, AutoScalingGroupName: 'api', PolicyARN: 'arn', MinAdjustmentStep: 1, StepAdjustments: [] },
      Alarms: alarms.map((AlarmName) => ({ AlarmName })),
    });
    mockClient(asg)
      .onAnyCommand()
      .resolves({ ScalingPolicies: [policy('a', 'high', 'low')], NextToken: 'more' })
      .onAnyCommand({ NextToken: 'more' })
      .resolves({ ScalingPolicies: [policy('b')] });
    expect(await readPolicies(asg, 'api')).toEqual([
      { name: 'a', alarms: ['high', 'low'], settings: { PolicyName: 'a' } },
      { name: 'b', alarms: [], settings: { PolicyName: 'b' } },
    ]);
  });
});
