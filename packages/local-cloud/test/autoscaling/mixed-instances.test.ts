import type { MixedInstancesPolicy } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from './support.ts';

const spec = (Version: string) => ({ LaunchTemplateId: 'lt-1', Version });

const policy = (version: string, ...types: string[]) => ({
  LaunchTemplate: {
    LaunchTemplateSpecification: spec(version),
    Overrides: types.map((InstanceType) => ({ InstanceType })),
  },
});

async function mixed(MixedInstancesPolicy: MixedInstancesPolicy): Promise<Fixture> {
  const f = setUp();
  await f.create({ LaunchTemplate: undefined, MixedInstancesPolicy });
  return f;
}

describe('mixed-instances policies', () => {
  it('launch the type of the first override, and show the policy with its defaults', async () => {
    const f = await mixed(policy('1', 'm5.large', 'm5a.large'));
    const group = await f.group();
    expect(group.LaunchTemplate).toBeUndefined();
    expect(group.MixedInstancesPolicy).toEqual({
      LaunchTemplate: {
        LaunchTemplateSpecification: { ...spec('1'), LaunchTemplateName: 'lt-1-name' },
        Overrides: [{ InstanceType: 'm5.large' }, { InstanceType: 'm5a.large' }],
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: 'prioritized',
        OnDemandBaseCapacity: 0,
        OnDemandPercentageAboveBaseCapacity: 100,
        SpotAllocationStrategy: 'lowest-price',
        SpotInstancePools: 2,
      },
    });
    expect(group.Instances?.map((i) => i.InstanceType)).toEqual(Array(4).fill('m5.large'));
  });

  it('launch from the template of the first override where it has one', async () => {
    const f = await mixed({
      LaunchTemplate: {
        LaunchTemplateSpecification: spec('1'),
        Overrides: [{ InstanceType: 'c6g.large', LaunchTemplateSpecification: spec('3'), WeightedCapacity: '2' }],
      },
    });
    expect(f.versions()).toEqual([3, 3, 3, 3]);
    expect((await f.group()).Instances?.[0]?.WeightedCapacity).toBe('2');
  });

  it('take the place of a template, and the other way round', async () => {
    const f = await mixed(policy('1', 'm5.large'));
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName: 'api', LaunchTemplate: spec('2') });
    const group = await f.group();
    expect(group.MixedInstancesPolicy).toBeUndefined();
    expect(group.LaunchTemplate).toMatchObject(spec('2'));
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 5 });
    await f.cloud.clock.advance(5_000);
    expect((await f.group()).Instances?.map((i) => i.InstanceType)).toContain('t3.micro');
  });

  it('are what a refresh rolls to, and what it rolls back to', async () => {
    const f = await mixed(policy('1', 'm5.large'));
    const start = (MixedInstancesPolicy: object, Preferences: object) =>
      f.send('StartInstanceRefresh', {
        AutoScalingGroupName: 'api',
        DesiredConfiguration: { MixedInstancesPolicy },
        Preferences: { InstanceWarmup: 0, MinHealthyPercentage: 50, ...Preferences },
      });
    await start(policy('2', 'm6i.large'), {});
    expect((await f.refresh()).DesiredConfiguration?.MixedInstancesPolicy?.LaunchTemplate?.Overrides).toEqual([
      { InstanceType: 'm6i.large' },
    ]);
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
    const types = async () => new Set((await f.group()).Instances?.map((i) => i.InstanceType));
    expect(await types()).toEqual(new Set(['m6i.large']));
    f.cloud.badVersions.add(3);
    await start(policy('3', 'm7i.large'), { AutoRollback: true });
    await f.cloud.clock.advance(120_000);
    expect((await f.refresh()).Status).toBe('RollbackSuccessful');
    expect(await types()).toEqual(new Set(['m6i.large']));
    expect(f.versions()).toEqual([2, 2, 2, 2]);
  });

  it('are not skipped when only the type differs', async () => {
    const f = await mixed(policy('1', 'm5.large'));
    await f.send('StartInstanceRefresh', {
      AutoScalingGroupName: 'api',
      DesiredConfiguration: { MixedInstancesPolicy: policy('1', 'm6i.large') },
      Preferences: { InstanceWarmup: 0, MinHealthyPercentage: 50, SkipMatching: true },
    });
    await f.cloud.clock.advance(60_000);
    expect((await f.group()).Instances?.map((i) => i.InstanceType)).toEqual(Array(4).fill('m6i.large'));
  });

  it.each([
    ['no template', {}, 'must contain a LaunchTemplate'],
    ['a template that is none', { LaunchTemplate: { LaunchTemplateSpecification: spec('9') } }, 'valid fully-formed'],
    [
      'requirements',
      { LaunchTemplate: { LaunchTemplateSpecification: spec('1'), Overrides: [{ InstanceRequirements: {} }] } },
      'InstanceRequirements are not supported',
    ],
    [
      'an override without a type',
      { LaunchTemplate: { LaunchTemplateSpecification: spec('1'), Overrides: [{}] } },
      'must name an InstanceType',
    ],
    ['a type that is none', policy('1', 'large'), 'Invalid InstanceType: large'],
    ['too many overrides', policy('1', ...Array(41).fill('m5.large')), '41 overrides exceed the limit of 40'],
    [
      'a weight of nought',
      {
        LaunchTemplate: {
          LaunchTemplateSpecification: spec('1'),
          Overrides: [{ InstanceType: 'm5.large', WeightedCapacity: '0' }],
        },
      },
      'WeightedCapacity must be between 1 and 999',
    ],
    [
      'a percentage over 100',
      { ...policy('1'), InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 101 } },
      'between 0 and 100, but is 101',
    ],
    [
      'a negative base',
      { ...policy('1'), InstancesDistribution: { OnDemandBaseCapacity: -1 } },
      'must not be negative',
    ],
  ])('are refused with %s', async (_what, MixedInstancesPolicy, message) => {
    const f = setUp();
    const request = { LaunchTemplate: undefined, MixedInstancesPolicy: MixedInstancesPolicy as MixedInstancesPolicy };
    await expect(f.create(request)).rejects.toThrow(message);
    expect(f.cloud.state.groups).toEqual({});
  });

  it('are refused beside a template', async () => {
    const f = setUp();
    await expect(f.create({ MixedInstancesPolicy: policy('1') })).rejects.toThrow('cannot both be specified');
  });
});
