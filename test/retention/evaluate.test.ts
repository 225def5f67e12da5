import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import type { GoldenImage } from '../../src/aws/images.ts';
import type { ReleaseRecord } from '../../src/ledger/types.ts';
import { evaluate, type Facts } from '../../src/retention/evaluate.ts';
import { toTarget } from '../../src/retention/targets.ts';

const day = 24 * 3_600_000;
const start = Date.UTC(2026, 0, 1);
const rules = { keep: 3, minimumAgeMs: day, graceMs: 2 * day };
/** Long after all of them were made. */
const now = start + 100 * day;

const image = (number: number, facts: Partial<GoldenImage> = {}): GoldenImage => ({
  imageId: `ami-${number}`,
  name: `api-v${number}`,
  version: `v${number}`,
  state: 'available',
  createdAt: new Date(start + number * day).toISOString(),
  environments: [],
  irreversible: false,
  knownGood: true,
  pinned: false,
  pinProtects: false,
  protected: false,
  deprecated: false,
  snapshotIds: [`snap-${number}`],
  sizeGb: 8,
  ...facts,
});

const release = (number: number, facts: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  app: 'api',
  environment: 'test',
  version: `v${number}`,
  commit: 'c',
  ref: 'main',
  createdAt: '',
  createdBy: 'ann',
  run: 'r',
  state: 'released',
  knownGood: true,
  ...facts,
});

const retired = (ago: number): Partial<GoldenImage> => ({
  state: 'disabled',
  deprecated: true,
  retiredAt: new Date(now - ago).toISOString(),
});

const facts = (images: GoldenImage[], more: Partial<Facts> & { uses?: [string, string[]][] } = {}): Facts => ({
  now,
  places: [{ region: 'here', images, uses: new Map(more.uses) }],
  releases: images.flatMap((one) => (one.version ? release(Number(one.version.slice(1))) : [])),
  serving: [],
  ...more,
});

/** `v1 retire, v2 -` ... */
const dues = (given: Facts) => evaluate(given, rules).map((one) => `${one.image.version} ${one.due ?? '-'}`);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('the retention policy', () => {
  it('retires what is beyond the last known-good images', () => {
    expect(dues(facts(numbers(5).map((number) => image(number))))).toEqual([
      'v1 retire',
      'v2 retire',
      'v3 -',
      'v4 -',
      'v5 -',
    ]);
  });

  it('never keeps fewer than two, whatever the setting', () => {
    const evaluated = evaluate(facts(numbers(4).map((number) => image(number))), { ...rules, keep: 1 });
    expect(evaluated.filter((one) => one.kept.length > 0).map((one) => one.image.version)).toEqual(['v3', 'v4']);
  });

  it('keeps images that are used, pinned, protected, or a rollback target, and gives the reason', () => {
    const images = [
      image(1),
      image(2, { pinned: true, pin: { by: 'ann', reason: 'the big sale' } }),
      image(3, { protected: true }),
      image(4),
      image(5),
      image(6),
      image(7),
      image(8),
      image(9),
    ];
    const evaluated = evaluate(facts(images, { uses: [['ami-1', ['i-1']]], serving: ['v6', 'v5'] }), rules);
    expect(evaluated.map((one) => one.kept)).toEqual([
      ['i-1'],
      ['pinned by ann: the big sale'],
      ['protected against deregistration'],
      ['what fast-rollback would go back to'],
      ['what fast-rollback would go back to'],
      [],
      ...Array(3).fill([`one of the last ${rules.keep} known-good ones`]),
    ]);
  });

  it('keeps the rollback target, which is never a version that was rolled back', () => {
    const images = numbers(8).map((number) => image(number));
    const releases = numbers(8).map((number) =>
      release(number, number >= 2 && number < 6 ? { rolledBackAt: 'then' } : {}),
    );
    const evaluated = evaluate(facts(images, { releases, serving: ['v6'] }), rules);
    expect(evaluated.slice(0, 3).map((one) => one.kept)).toEqual([['what fast-rollback would go back to'], [], []]);
  });

  it('does not count a version that was rolled back, and gives the time of the rollback', () => {
    const images = numbers(6).map((number) => image(number));
    const releases = numbers(6).map((number) =>
      release(number, number === 4 || number === 5 ? { rolledBackAt: 'then' } : {}),
    );
    const evaluated = evaluate(facts(images, { releases }), rules);
    expect(evaluated.map((one) => `${one.image.version} ${one.due ?? '-'} ${one.rolledBackAt ?? ''}`.trim())).toEqual([
      'v1 retire',
      'v2 -',
      'v3 -',
      'v4 retire then',
      'v5 retire then',
      'v6 -',
    ]);
    expect(evaluated.map(toTarget)[4]).toMatchObject({ version: 'v5', why: 'rolled back at then' });
  });

  it('keeps a version that was rolled back while there would be fewer than two without it', () => {
    const images = numbers(3).map((number) => image(number));
    const releases = numbers(3).map((number) => release(number, number > 1 ? { rolledBackAt: 'then' } : {}));
    const evaluated = evaluate(facts(images, { releases, serving: ['v1'], uses: [['ami-1', ['group api']]] }), rules);
    expect(evaluated.map(({ due, kept }) => due ?? kept.at(-1))).toEqual([
      'one of the last 3 known-good ones',
      'retire',
      'rolled back, but there are not 2 other known-good ones',
    ]);
  });

  it('never retires what serves, is named or is pinned, also when it was rolled back', () => {
    const images = [image(1, { pinned: true }), ...[2, 3, 4, 5].map((number) => image(number))];
    const releases = numbers(5).map((number) => release(number, number < 3 ? { rolledBackAt: 'then' } : {}));
    const evaluated = evaluate(facts(images, { releases, uses: [['ami-2', ['group api']]], serving: ['v2'] }), rules);
    expect(evaluated.map((one) => one.due)).toEqual(Array(5).fill(undefined));
  });

  it('keeps images below the minimum age', () => {
    const images = numbers(6).map((number) => image(number, { createdAt: new Date(now - day + 1).toISOString() }));
    expect(evaluate(facts(images), rules)[0]).toMatchObject({ kept: ['younger than 24 h'] });
    expect(evaluate({ ...facts(images), now: now + 1 }, rules)[0]).toMatchObject({ kept: [], due: 'retire' });
  });

  it('waits for the grace period, then removes', () => {
    const images = [1, 2].map((number) => image(number, retired(2 * day - (number === 1 ? 0 : 1))));
    const evaluated = evaluate(facts([...images, image(3), image(4), image(5)]), rules);
    expect(evaluated.map((one) => one.due)).toEqual(['remove', 'wait', undefined, undefined, undefined]);
    expect(evaluated[1]?.removableFrom).toBe(new Date(now + 1).toISOString());
  });

  it('restores an image that is needed again', () => {
    const images = [image(1, retired(day)), image(2, retired(day)), image(3, retired(day)), image(4), image(5)];
    // One good image has gone by hand: the third last is among the last again.
    const given = facts(images, { uses: [['ami-1', ['group api']]] });
    expect(dues(given)).toEqual(['v1 restore', 'v2 wait', 'v3 restore', 'v4 -', 'v5 -']);
  });

  it('retries an image that was left halfway', () => {
    const marked = { retiredAt: new Date(now - 9 * day).toISOString() };
    expect(dues(facts([image(1, marked), image(2), image(3), image(4)]))[0]).toBe('v1 retire');
  });

  it('does not count an image that somebody has disabled, and does not enable it', () => {
    const images = [image(1), image(2), image(3), image(4, { state: 'disabled' })];
    expect(dues(facts(images))).toEqual(['v1 -', 'v2 -', 'v3 -', 'v4 -']);
    // Noted as retired, yet never deprecated: somebody else had disabled it before.
    const noted = { state: 'disabled', retiredAt: new Date(now - day).toISOString() };
    expect(dues(facts([image(1, noted), image(2), image(3), image(4)]))[0]).toBe('v1 wait');
  });

  it('distinguishes failed, not validated and orphaned images', () => {
    const no = { knownGood: false };
    const images = [image(1), image(2, no), image(3, no), image(4), image(5, no), image(6, no), image(7, no)];
    const releases = [
      release(1),
      release(2, { state: 'failed', knownGood: false }),
      release(3, { state: 'building', knownGood: false }),
      release(4),
      release(5, { state: 'failed', knownGood: false }),
      release(6, { state: 'building', knownGood: false }),
    ];
    const evaluated = evaluate(facts(images, { releases }), rules);
    expect(evaluated.map(({ kind, due }) => `${kind} ${due ?? '-'}`)).toEqual([
      'known-good -',
      'failed retire',
      'unverified retire',
      'known-good -',
      'failed retire',
      // Newer than the last known-good one: its release may be continued.
      'unverified -',
      'orphan retire',
    ]);
  });

  it('removes a failed bake at once, and keeps one that is being created', () => {
    const images = [image(1, { state: 'failed', knownGood: false }), image(2, { state: 'pending', knownGood: false })];
    expect(dues(facts(images, { releases: [] }))).toEqual(['v1 remove', 'v2 -']);
  });

  it('uses the tags of images of another ledger', () => {
    const images = numbers(5).map((number) => image(number));
    const evaluated = evaluate(facts(images, { releases: [] }), rules);
    expect(evaluated.map((one) => one.due)).toEqual(['retire', 'retire', undefined, undefined, undefined]);
    expect(evaluated[0]?.kind).toBe('known-good');
  });

  it('keeps in every region what one of them needs', () => {
    const here = numbers(5).map((number) => image(number));
    const there = numbers(2).map((number) => image(number, { imageId: `ami-${number}0`, knownGood: false }));
    const places = [
      { region: 'here', images: here, uses: new Map() },
      { region: 'there', images: there, uses: new Map([['ami-10', ['3 instances']]]) },
    ];
    const evaluated = evaluate({ ...facts(here), places }, { ...rules, keep: 2 });
    expect(evaluated[0]).toMatchObject({ region: 'here', kept: ['v1 is kept in there'] });
    // There, they are the last two known-good ones that are left.
    expect(evaluated.slice(5).map((one) => one.due)).toEqual([undefined, undefined]);
    expect(evaluated[1]).toMatchObject({ kept: ['v2 is kept in there'] });
  });
});

describe('the retention policy for random histories', () => {
  const histories = fc.array(
    fc.record({
      knownGood: fc.boolean(),
      pinned: fc.boolean(),
      used: fc.boolean(),
      state: fc.constantFrom('available', 'available', 'disabled', 'pending', 'failed'),
      retiredDays: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
      ageDays: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 20 },
  );

  it('never removes used, pinned or young images, and keeps the minimum', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 6 }), (history, keep) => {
        const images = history.map(({ knownGood, pinned, state, retiredDays, ageDays }, index) =>
          image(index + 1, {
            knownGood,
            pinned,
            state,
            createdAt: new Date(now - ageDays * day).toISOString(),
            ...(retiredDays === undefined ? {} : { ...retired(retiredDays * day), state }),
          }),
        );
        const uses = images
          .filter((_, index) => history[index]?.used)
          .map((one): [string, string[]] => [one.imageId, ['i']]);
        const evaluated = evaluate(facts(images, { uses, releases: [] }), { ...rules, keep });
        const going = evaluated.filter((one) => one.due === 'retire' || one.due === 'remove' || one.due === 'wait');
        for (const { image: one } of going) {
          expect(one.pinned).toBe(false);
          expect(uses.map(([id]) => id)).not.toContain(one.imageId);
          expect(now - Date.parse(one.createdAt)).toBeGreaterThanOrEqual(day);
        }
        const usable = evaluated.filter(
          ({ image: { state, retiredAt, knownGood } }) =>
            knownGood && (state === 'available' || (state === 'disabled' && retiredAt !== undefined)),
        );
        const stay = usable.filter((one) => !going.includes(one));
        expect(stay.length).toBeGreaterThanOrEqual(Math.min(usable.length, Math.max(2, keep)));
      }),
    );
  });
});
