import { describe, expect, it } from 'vitest';
import { findLeftovers, unknownRunOf } from '../../../src/fleet/leftovers/find-leftovers.ts';
import type { GroupFacts, LeftoverFacts } from '../../../src/fleet/leftovers/leftover.ts';
import { before, groupFacts, leftoverFacts } from './support/facts.ts';

/** What is found besides the tags. */
const found = (groups: GroupFacts[], changes: Partial<LeftoverFacts> = {}) =>
  findLeftovers(leftoverFacts(groups, changes)).filter((one) => one.kind !== 'tags');
const restores = (groups: GroupFacts[], changes: Partial<LeftoverFacts> = {}) =>
  found(groups, changes).map((one) => one.restore ?? one.change);
const blue = (changes: Partial<GroupFacts> = {}) => groupFacts({ group: 'blue', before, shares: [1, 1], ...changes });
const green = (changes: Partial<GroupFacts> = {}) =>
  groupFacts({
    group: 'green',
    before: { ...before, size: { min: 0, max: 6, desired: 0 }, weight: 0 },
    size: { min: 0, max: 6, desired: 0 },
    instances: [],
    shares: [0, 0],
    ...changes,
  });

it('nothing is found in a fleet that is as it was, besides the tags of its run', () => {
  expect(findLeftovers(leftoverFacts([groupFacts()]))).toEqual([]);
  expect(findLeftovers(leftoverFacts([groupFacts({ before })]))).toMatchObject([
    { kind: 'tags', seen: `api has the tags of run ${before.run} (release), which is not active here` },
  ]);
});

describe('an instance in Standby', () => {
  const instances = [...groupFacts().instances.slice(1), { id: 'i-1', lifecycle: 'Standby', version: 'v1' }];
  const size = { min: 2, max: 6, desired: 2 };

  it('that a run has left is replaced, whatever the run did, once the size of before is restored', () => {
    for (const operation of ['release', 'restart', 'fast-rollback']) {
      const left = { before: { ...before, operation }, instances, size, suspended: ['AZRebalance'] };
      expect(restores([groupFacts(left)])).toEqual([
        { do: 'resume-processes', group: 'api', processes: ['AZRebalance'] },
        { do: 'set-size', group: 'api', size: { min: 3, max: 6, desired: 3 } },
        { do: 'replace-instance', group: 'api', instance: 'i-1' },
      ]);
    }
  });

  it.each([
    ['the group has no tags', {}],
    ['it was there before the run', { before: { ...before, size, standby: ['i-1'] } }],
    ['the tag cannot tell', { before: { ...before, size, standby: undefined } }],
    [
      'the group could not launch another one',
      { before: { ...before, size }, launches: { ...groupFacts().launches, available: false } },
    ],
  ])('is not changed where %s', (_what, changes) => {
    const left = found([groupFacts({ instances, size, ...changes })]);
    expect(left.filter((one) => one.restore)).toEqual([]);
  });
});

describe('the size', () => {
  const size = { min: 3, max: 6, desired: 6 };
  const standby = { id: 'i-9', lifecycle: 'Standby' };
  const sizes = (changes: Partial<GroupFacts>, groups: GroupFacts[] = []) =>
    restores([groupFacts({ before: { ...before, size }, ...changes }), ...groups]).filter(
      (one) => typeof one === 'object' && one.do === 'set-size',
    );

  it('that somebody has changed since the run stays: a higher maximum, another desired capacity, a higher minimum', () => {
    expect(sizes({ size: { min: 3, max: 40, desired: 5 } })).toEqual([]);
    expect(sizes({ size: { min: 4, max: 40, desired: 9 } })).toEqual([]);
    expect(sizes({ before: { ...before, size: { min: 0, max: 6, desired: 0 } } })).toEqual([]);
  });

  it('grows by the instances in Standby that the repair ends, never beyond that of before', () => {
    const others = groupFacts().instances;
    const to = (desired: number) => [{ do: 'set-size', group: 'api', size: { min: 3, max: 40, desired } }];
    expect(sizes({ instances: [...others, standby], size: { min: 3, max: 40, desired: 4 } })).toEqual(to(5));
    expect(sizes({ instances: [...others, standby], size: { min: 3, max: 40, desired: 6 } })).toEqual([]);
  });

  it('has at least the minimum of before', () => {
    expect(sizes({ size: { min: 2, max: 6, desired: 2 } })).toMatchObject([{ size: { min: 3, max: 6, desired: 3 } }]);
  });

  it('is not held any more by a blue/green release: only its minimum is lowered', () => {
    const held = { size: { min: 6, max: 6, desired: 6 } };
    expect(sizes(held)).toEqual([]);
    expect(sizes(held, [green()])).toMatchObject([{ size: { min: 3, max: 6, desired: 6 } }]);
  });
});

it('the size of an event is not left by the scale-out that has begun it', () => {
  const size = { min: 2, max: 6, desired: 2 };
  const scaled = { before: { ...before, operation: 'scale' }, size };
  expect(restores([groupFacts({ ...scaled, held: true })])).toEqual([]);
  expect(restores([groupFacts({ before, size, held: true })])).toHaveLength(1);
});

it('suspended processes put serving at risk where nothing is launched or registered', () => {
  const [launch] = found([groupFacts({ before, suspended: ['Launch'] })]);
  expect(launch).toMatchObject({ kind: 'suspended', atRisk: true, seen: 'Launch of api is suspended' });
  expect(found([groupFacts({ suspended: ['Launch'] })])).toEqual([]);
  const was = { ...before, suspended: ['AlarmNotification'] };
  expect(restores([groupFacts({ before: was })])).toEqual([
    { do: 'suspend-processes', group: 'api', processes: ['AlarmNotification'] },
  ]);
  // That one a rollback has resumed for good.
  expect(restores([groupFacts({ before: { ...before, suspended: ['AddToLoadBalancer'] } })])).toEqual([]);
});

describe('a blue/green fleet', () => {
  const full = { size: { min: 3, max: 6, desired: 3 }, instances: groupFacts().instances };

  it('gets its traffic back from a release that was shifting it, and the other group is ended after that', () => {
    const half = [
      blue({ shares: [0.5, 0], size: { min: 3, max: 6, desired: 3 } }),
      green({ shares: [0.5, 1], ...full }),
    ];
    expect(found(half).map(({ kind, atRisk, restore }) => ({ kind, atRisk, restore }))).toEqual([
      { kind: 'traffic', atRisk: true, restore: { do: 'send-traffic', group: 'blue' } },
      { kind: 'idle-group', atRisk: false, restore: { do: 'scale-in', group: 'green' } },
    ]);
  });

  it('is never emptied while it has traffic that no tag says where to send', () => {
    const half = [
      blue({ before: undefined, tagged: true, shares: [0.4], ...full }),
      green({ before: undefined, tagged: true, shares: [0.6], ...full }),
    ];
    const [traffic, ...others] = found(half).filter(({ kind }) => ['traffic', 'idle-group'].includes(kind));
    expect(others).toEqual([]);
    expect(traffic).toMatchObject({ atRisk: true, needsTags: true });
    expect(traffic?.restore).toBeUndefined();
  });

  it('goes on to the group that an unfinished rollback has given traffic, with the limits of the one before', () => {
    const rollback = { ...before, operation: 'fast-rollback' };
    const half = [
      blue({ before: rollback, shares: [1, 0] }),
      green({
        before: { ...rollback, size: { min: 0, max: 6, desired: 3 }, weight: 0 },
        shares: [0, 1],
        ...full,
        ends: true,
      }),
    ];
    expect(restores(half)).toEqual([
      { do: 'delete-scheduled-end', group: 'green' },
      { do: 'send-traffic', group: 'green' },
      { do: 'scale-in', group: 'blue' },
    ]);
    const notBegun = half.map((one) => ({
      ...one,
      ends: one.group === 'green',
      shares: one.group === 'green' ? [0, 0] : [1, 1],
    }));
    expect(restores(notBegun)).toEqual([]);
  });

  it('without tags keeps its weights, and the command is named', () => {
    const half = [
      blue({ before: undefined, tagged: false, shares: [0.5] }),
      green({ before: undefined, tagged: false, shares: [0.5], ...full }),
    ];
    expect(restores(half)).toEqual([expect.stringContaining('aws elbv2 modify-listener --listener-arn arn:listener')]);
  });
});

it('a canary is replaced; of several instances of another version the command is named', () => {
  const [one, two, three] = groupFacts().instances.map((instance) => ({ ...instance, version: 'v2' }));
  const others = groupFacts().instances.slice(1);
  expect(restores([groupFacts({ before, instances: [one as never, ...others] })])).toEqual([
    { do: 'replace-instance', group: 'api', instance: 'i-1' },
  ]);
  expect(restores([groupFacts({ before, instances: [one, two, three] as never })])).toEqual([
    'pipeline fast-rollback api v1 --method rolling',
  ]);
  const refresh = { id: 'refresh-1', status: 'InProgress', percentage: 30 };
  const rolling = found([groupFacts({ before, refresh, instances: [one as never, ...others] })]);
  expect(rolling).toMatchObject([{ kind: 'refresh', change: expect.stringContaining('rollback-instance-refresh') }]);
  expect(rolling[0]?.restore).toBeUndefined();
});

it('what is left of a validation is removed; what is not known to be of one is named', () => {
  const targets = [
    { id: 'i-7', own: true },
    { id: 'i-8', own: false },
  ];
  const left = restores([groupFacts({ before })], {
    helpers: [
      { id: 'i-7', role: 'validation', run: 'run-1', standing: 'over' },
      { id: 'i-9', role: 'builder', run: 'run-2', standing: 'unknown' },
      { id: 'i-10', role: 'builder', run: '', standing: 'unknown' },
    ],
    validation: { targetGroupArn: 'arn:validation', targets, elsewhere: true },
    defaultVersion: '3',
  });
  expect(left).toEqual([
    { do: 'set-default-version', template: 'lt-1', version: '4' },
    { do: 'point-validation-route' },
    { do: 'deregister-target', instance: 'i-7' },
    'aws elbv2 deregister-targets --target-group-arn arn:validation --targets Id=i-8',
    { do: 'terminate-instance', instance: 'i-7' },
    'if it is certain that this run is over: pipeline repair api --lost-run run-2',
    'aws ec2 terminate-instances --instance-ids i-10',
  ]);
});

it('the default version of the template stays where the group launches $Latest or $Default', () => {
  const launches = { ...groupFacts().launches, floating: true };
  expect(restores([groupFacts({ before, launches })], { defaultVersion: '3' })).toEqual([]);
});

describe('what scales a blue/green fleet', () => {
  const scaling = { actions: ['morning', 'evening'], policies: ['on-requests'] };
  const named = (other: GroupFacts) => found([blue(), other]).filter((one) => one.kind === 'scaling-settings');

  it('is named where it is left on the group without traffic, and the tags stay for it', () => {
    const [left, ...others] = named(green({ scaling }));
    expect(others).toEqual([]);
    expect(left).toMatchObject({
      atRisk: true,
      needsTags: true,
      seen: 'green, which is to get no traffic, has scheduled actions morning, evening and active scaling policies on-requests',
      change: expect.stringMatching(/put-scheduled-update-group-action .* blue .*delete-scheduled-action .* green/),
    });
    expect(left?.restore).toBeUndefined();
  });

  it('is not left by policies that alarms do not trigger, on the group that serves, or without tags', () => {
    expect(named(green({ scaling: { ...scaling, actions: [] }, suspended: ['AlarmNotification'] }))).toEqual([]);
    expect(found([blue({ scaling }), green()])).toEqual([]);
    expect(named(green({ scaling, before: undefined, tagged: false }))).toEqual([]);
  });
});

it('tags of a run that is over only are left, those of an unknown run are named so', () => {
  const of = (standing: 'over' | 'unknown') =>
    findLeftovers(leftoverFacts([groupFacts({ run: { id: 'run-1', standing } })]));
  expect(of('over')).toMatchObject([
    { kind: 'tags', seen: 'api has the tags of run run-1, which is over: they tell nothing any more' },
  ]);
  expect(of('unknown')).toMatchObject([
    { kind: 'tags', seen: 'api has the tags of run run-1, which this ledger does not know' },
  ]);
  expect(unknownRunOf(leftoverFacts([groupFacts({ run: { id: 'run-1', standing: 'unknown' } })]))).toBe('run-1');
});
