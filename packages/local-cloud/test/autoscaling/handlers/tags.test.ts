import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';

const tag = (Key: string, Value = 'v', ResourceId = 'api') => ({
  ResourceId,
  ResourceType: 'auto-scaling-group',
  Key,
  Value,
});

describe('tags of groups', () => {
  it('are changed all or none', async () => {
    const f = setUp();
    await f.create();
    const put = (...Tags: object[]) => f.send('CreateOrUpdateTags', { Tags });
    await expect(put(tag('a'), tag('b', 'v', 'web'))).rejects.toThrow('web not found');
    await expect(put(tag('a'), { ...tag('b'), ResourceType: 'instance' })).rejects.toThrow(
      'must be auto-scaling-group',
    );
    await expect(put(tag('a'), tag('aws:b'))).rejects.toThrow("must not start with 'aws:'");
    await expect(put(tag('k'.repeat(129)))).rejects.toThrow('is longer than 128');
    await expect(put(tag('a', 'v'.repeat(257)))).rejects.toThrow('is longer than 256');
    expect(f.record().tags).toEqual([]);
    await put(tag('a'), tag('a', 'w'), { ...tag('b'), PropagateAtLaunch: true });
    expect(f.record().tags).toEqual([
      { key: 'a', value: 'w', propagateAtLaunch: false },
      { key: 'b', value: 'v', propagateAtLaunch: true },
    ]);
    await f.send('DeleteTags', { Tags: [tag('a', 'other'), { ...tag('b'), Value: undefined }] });
    expect(f.record().tags.map((t) => t.key)).toEqual(['a']);
  });

  it('are 50 at the most, however they come', async () => {
    const f = setUp();
    await f.create();
    const many = (from: number, to: number) => ({
      Tags: Array.from({ length: to - from }, (_, n) => tag(`k${from + n}`)),
    });
    await f.send('CreateOrUpdateTags', many(0, 30));
    await expect(f.send('CreateOrUpdateTags', many(30, 51))).rejects.toMatchObject({ code: 'LimitExceeded' });
    await f.send('CreateOrUpdateTags', many(20, 50));
    expect(f.record().tags).toHaveLength(50);
  });

  it('reach the instances that are launched after them, when they are to', async () => {
    const f = setUp();
    await f.create({
      DesiredCapacity: 1,
      Tags: [
        { Key: 'app', Value: 'api', PropagateAtLaunch: true },
        { Key: 'own', Value: 'x' },
      ],
    });
    expect(f.cloud.launched[0]?.tags).toMatchObject({ app: 'api', 'aws:autoscaling:groupName': 'api' });
    expect(f.cloud.launched[0]?.tags).not.toHaveProperty('own');
  });

  it('are filtered by group, key, value and propagation', async () => {
    const f = setUp();
    await f.create({
      Tags: [
        { Key: 'a', Value: '1', PropagateAtLaunch: true },
        { Key: 'b', Value: '2' },
      ],
    });
    const keys = async (Name: string, ...Values: string[]) =>
      (await f.send('DescribeTags', { Filters: [{ Name, Values }] })).Tags.map((t: { Key: string }) => t.Key);
    expect(await keys('key', 'b', 'c')).toEqual(['b']);
    expect(await keys('value', '1')).toEqual(['a']);
    expect(await keys('propagate-at-launch', 'true')).toEqual(['a']);
    await expect(keys('color', 'red')).rejects.toThrow('Filter type color is not correct');
  });
});
