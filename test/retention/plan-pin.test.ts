import { EnableImageDeregistrationProtectionCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tagKeys } from '../../src/aws/tags.ts';
import { planPin, planUnpin } from '../../src/retention/plan-pin.ts';
import { planPrune } from '../../src/retention/plan-prune.ts';
import { readImages } from '../../src/retention/read-images.ts';
import { TestFleet } from './support/fleet.ts';

let fleet: TestFleet;
let v1: string;

beforeEach(async () => {
  fleet = await TestFleet.create({ retireGraceHours: 1 });
  v1 = (await fleet.release()).imageId;
  for (let n = 0; n < 2; n++) await fleet.release();
});
afterEach(() => fleet.cloud.close());

const record = () => fleet.cloud.home.images[v1];
const prune = async () => fleet.run(await planPrune(fleet.services, fleet.cloud.clock, { force: false }));
const pin = async (reason?: string) =>
  fleet.run(await planPin(fleet.services, fleet.cloud.clock, { version: 'v1', reason }));
const unpin = async () => fleet.run(await planUnpin(fleet.services, fleet.cloud.clock, 'v1'));
const listed = async () =>
  (await readImages(fleet.services, fleet.cloud.clock.now())).find((image) => image.version === 'v1');

describe('the pin of an image', () => {
  it('keeps an image, records who wanted it and why, and can be removed', async () => {
    await pin('before the sale');
    expect(await listed()).toMatchObject({
      pinned: true,
      pin: { by: 'ann@here', reason: 'before the sale' },
      keptBecause: ['pinned by ann@here: before the sale'],
    });
    expect((await prune()).state.retired).toEqual([]);
    await pin();
    expect((await listed())?.pin).toMatchObject({ by: 'ann@here', reason: undefined });
    await unpin();
    expect(Object.keys(record()?.tags ?? {}).filter((key) => key.includes('pin-') || key.includes('pinned'))).toEqual(
      [],
    );
    expect(record()?.protection).toBeUndefined();
    expect((await prune()).state.retired).toEqual(['v1']);
  });

  it('restores a retired image at once', async () => {
    await prune();
    expect(record()?.state).toBe('disabled');
    expect((await pin()).outcome).toBe('done');
    expect(record()).toMatchObject({ state: 'available', deprecationTime: undefined });
    expect(Object.values(fleet.cloud.home.snapshots).filter((one) => one.tags[tagKeys.retiredAt])).toEqual([]);
  });

  it('keeps a protection that somebody else has enabled', async () => {
    await fleet.services.aws.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId: v1 }));
    await pin();
    await unpin();
    expect(record()?.protection).toBeDefined();
    expect((await listed())?.keptBecause).toEqual(['protected against deregistration']);
  });

  it('is undone when it is interrupted halfway', async () => {
    await prune();
    const stop = new AbortController();
    fleet.cloud.between = async (operation) => {
      if (operation === 'EnableImage') stop.abort(new Error('interrupted'));
    };
    const plan = await planPin(fleet.services, fleet.cloud.clock, { version: 'v1' });
    expect(await fleet.run(plan, stop.signal)).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await listed()).toMatchObject({ pinned: false });
    expect(record()?.protection).toBeUndefined();
  });

  it('refuses a version without an image, a reason that cannot be a tag, and the unpinning of an image that is not pinned', async () => {
    const { services, cloud } = fleet;
    const planned = (version: string, reason?: string) => planPin(services, cloud.clock, { version, reason });
    await expect(planned('v9')).rejects.toMatchObject({
      outcome: 'usage',
      message: expect.stringContaining('v1, v2, v3'),
    });
    for (const reason of ['', 'a\nb', 'x'.repeat(257)]) {
      await expect(planned('v1', reason)).rejects.toMatchObject({ code: 'images.reason' });
    }
    await expect(planUnpin(services, cloud.clock, 'v1')).rejects.toMatchObject({ code: 'images.not-pinned' });
  });
});

describe('the list of images', () => {
  it('shows why each is kept or not, and what remains of deleted ones', async () => {
    await prune();
    const images = await readImages(fleet.services, fleet.cloud.clock.now());
    expect(images.map(({ version, inUse, kind }) => ({ version, inUse, kind }))).toEqual([
      { version: 'v3', inUse: true, kind: 'known-good' },
      { version: 'v2', inUse: false, kind: 'known-good' },
      { version: 'v1', inUse: false, kind: 'known-good' },
    ]);
    expect(images[0]?.usedBy).toEqual(['group api-test', expect.stringContaining('i-')]);
    expect(images[1]?.keptBecause).toEqual([
      'what fast-rollback would go back to',
      'one of the last 2 known-good ones',
    ]);
    expect(images[2]).toMatchObject({ state: 'disabled', keptBecause: [], monthlyCost: 0.4, sizeGb: 8 });
    expect(Date.parse(images[2]?.removableFrom ?? '')).toBe(Date.parse(images[2]?.retiredAt ?? '') + 3_600_000);
    const gone = record();
    if (gone) gone.state = 'deregistered';
    expect((await readImages(fleet.services, fleet.cloud.clock.now()))[2]).toMatchObject({
      version: 'v1',
      imageId: '',
      state: 'gone',
      snapshotIds: [gone?.snapshotId],
      monthlyCost: 0.4,
    });
  });
});
