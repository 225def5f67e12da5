import { describe, expect, it } from 'vitest';
import { setUp } from './support.ts';

const perZone = (f: ReturnType<typeof setUp>) =>
  ['a', 'b', 'c'].map((z) => f.active().filter((i) => i.availabilityZone === `eu-west-1${z}`).length);

describe('launches', () => {
  it('leave the share of a zone without room to the others, and note the refusal', async () => {
    const f = setUp();
    f.cloud.fullZones.add('eu-west-1b');
    await f.create({ DesiredCapacity: 6 });
    expect(perZone(f)).toEqual([3, 0, 3]);
    const refused = async () => (await f.causes()).filter((c) => c.includes('no room in eu-west-1b'));
    expect(await refused()).toHaveLength(1);
    // AZRebalance would have it even, and asks again after a while.
    await f.cloud.clock.advance(310_000);
    expect((await refused())[0]).toContain('rebalancing');
  });

  it('wait, later and later, when no zone has room', async () => {
    const f = setUp();
    for (const zone of ['a', 'b', 'c']) f.cloud.fullZones.add(`eu-west-1${zone}`);
    await f.create({ DesiredCapacity: 3 });
    expect(f.ids()).toEqual([]);
    // At 0, 1, 3 and 7 seconds.
    expect((await f.causes()).filter((c) => c.includes('no room in eu-west-1a'))).toHaveLength(4);
    f.cloud.fullZones.delete('eu-west-1c');
    await f.cloud.clock.advance(10_000);
    expect(perZone(f)).toEqual([0, 0, 3]);
  });

  it('even the zones out again once there is room', async () => {
    const f = setUp();
    f.cloud.fullZones.add('eu-west-1b');
    await f.create({ DesiredCapacity: 6 });
    f.cloud.fullZones.clear();
    await f.cloud.clock.advance(600_000);
    expect(perZone(f)).toEqual([2, 2, 2]);
  });
});
