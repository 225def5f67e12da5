import { beforeEach, describe, expect, it } from 'vitest';
import { fleet, type TestCloud, testCloud } from '../support/cloud.ts';

let cloud: TestCloud;
beforeEach(() => {
  cloud = testCloud();
});
describe('tags', () => {
  it('can be put on all four kinds, read and removed', async () => {
    const { balancer, group, listener } = await fleet(cloud);
    const ResourceArns = [balancer, group, listener];
    await cloud.call('AddTags', {
      ResourceArns,
      Tags: [
        { Key: 'app', Value: 'api' },
        { Key: 'x', Value: '' },
      ],
    });
    await cloud.call('RemoveTags', { ResourceArns: [group], TagKeys: ['x'] });
    const { TagDescriptions } = await cloud.call('DescribeTags', { ResourceArns });
    expect(TagDescriptions[0].Tags).toHaveLength(2);
    expect(TagDescriptions[1]).toEqual({ ResourceArn: group, Tags: [{ Key: 'app', Value: 'api' }] });
    await cloud.refused('AddTags', { ResourceArns, Tags: [{ Key: 'a' }, { Key: 'a' }] }, 'DuplicateTagKeys');
    await cloud.refused('DescribeTags', { ResourceArns: ['arn:x'] }, 'ValidationError');
  });
});
