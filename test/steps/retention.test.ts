import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GoldenImage } from '../../src/aws/images.ts';
import { chooseRetired } from '../../src/steps/retention.ts';

const image = (number: number, facts: Partial<GoldenImage> = {}): GoldenImage => ({
  imageId: `ami-${number}`,
  name: `api-v${number}`,
  version: `v${number}`,
  state: 'available',
  createdAt: new Date(Date.UTC(2026, 0, number)).toISOString(),
  knownGood: true,
  pinned: false,
  snapshotIds: [],
  ...facts,
});

describe('chooseRetired', () => {
  it('keeps the last N known-good images', () => {
    const images = [1, 2, 3, 4, 5].map((number) => image(number));
    expect(chooseRetired(images, { keep: 3, needed: new Set() }).map((one) => one.version)).toEqual(['v1', 'v2']);
  });

  it('keeps what is needed, pinned or still being made, and never goes below two', () => {
    const images = [
      image(1),
      image(2, { pinned: true }),
      image(3),
      image(4, { state: 'pending', knownGood: false }),
      image(5),
      image(6),
    ];
    expect(chooseRetired(images, { keep: 1, needed: new Set(['ami-1']) }).map((one) => one.version)).toEqual(['v3']);
  });

  it('removes failed bakes that are older than the last good image, and leaves newer ones', () => {
    const failed = { knownGood: false };
    const images = [image(1), image(2, failed), image(3), image(4, failed)];
    expect(chooseRetired(images, { keep: 5, needed: new Set() }).map((one) => one.version)).toEqual(['v2']);
  });

  it('removes nothing while no image is known to be good', () => {
    expect(chooseRetired([image(1, { knownGood: false })], { keep: 1, needed: new Set() })).toEqual([]);
  });

  it('never touches a needed, pinned or kept image, whatever the history', () => {
    const histories = fc.array(
      fc.record({
        knownGood: fc.boolean(),
        pinned: fc.boolean(),
        needed: fc.boolean(),
        state: fc.constantFrom('available', 'pending', 'failed'),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 10 }), (history, keep) => {
        const images = history.map((facts, index) => image(index + 1, facts));
        const needed = new Set(images.filter((_, index) => history[index]?.needed).map((one) => one.imageId));
        const retired = new Set(chooseRetired(images, { keep, needed }).map((one) => one.imageId));
        const good = images.filter((one) => one.knownGood && one.state === 'available');
        expect(images.filter((one) => retired.has(one.imageId) && (needed.has(one.imageId) || one.pinned))).toEqual([]);
        const left = good.filter((one) => !retired.has(one.imageId));
        expect(left.length).toBeGreaterThanOrEqual(Math.min(good.length, Math.max(keep, 2)));
      }),
    );
  });
});
