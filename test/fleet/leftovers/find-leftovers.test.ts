import { describe, expect, it } from 'vitest';
import { findLeftovers } from '../../../src/fleet/leftovers/find-leftovers.ts';
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

  it('that a release has left is replaced, and the size of before is restored', () => {
    const left = { before, instances, size, suspended: ['AZRebalance'] };
    expect(restores([groupFacts(left)])).toEqual([
      { do: 'resume-processes', group: 'api', processes: ['AZRebalance'] },
      { do: 'replace-instance', group: 'api', instance: 'i-1' },
      { do: 'set-size', group: 'api', size: { min: 3, max: 6, desired: 3 } },
    ]);
  });

  it('that anything else has left returns to service', () => {
    const other = { ...before, operation: 'restart' };
    expect(restores([groupFacts({ before: other, instances, size })])[0]).toEqual({
      do: 'exit-standby',
      group: 'api',
      instance: 'i-1',
    });
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

it('the size is that of before, never fewer instances than now, and never below a minimum that a release has set', () => {
  const scaledOut = groupFacts({ before, size: { min: 5, max: 12, desired: 5 } });
  expect(restores([scaledOut])).toEqual([{ do: 'set-size', group: 'api', size: { min: 3, max: 6, desired: 5 } }]);
  const first = groupFacts({ before: { ...before, size: { min: 0, max: 6, desired: 0 } } });
  expect(restores([first])).toEqual([]);
});

it('the size of an event is not left by the scale-out that has begun it', () => {
  const size = { min: 6, max: 6, desired: 6 };
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
    helpers: [{ id: 'i-7', role: 'validation', run: 'run-1' }],
    validation: { targetGroupArn: 'arn:validation', targets, elsewhere: true },
    defaultVersion: '3',
  });
  expect(left).toEqual([
    { do: 'set-default-version', group: 'api' },
    { do: 'point-validation-route' },
    { do: 'deregister-target', instance: 'i-7' },
    'aws elbv2 deregister-targets --target-group-arn arn:validation --targets Id=i-8',
    { do: 'terminate-instance', instance: 'i-7' },
  ]);
});
