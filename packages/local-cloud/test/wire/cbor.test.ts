import fc from '@golden-pipeline/shared/testing/fast-check';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { expect, it } from 'vitest';
import { decodeCbor, encodeCbor, Tagged } from '../../src/wire/cbor.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    number.filter((one) => !Object.is(one, -0)),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
}));

it("reads what the SDK's encoder writes, and writes what its decoder reads", () => {
  fc.assert(
    fc.property(value, (one) => {
      expect(decodeCbor(cbor.serialize(one))).toEqual(one);
      expect(cbor.deserialize(new Uint8Array(encodeCbor(one)))).toEqual(one);
    }),
  );
  const bytes = new Uint8Array(300).fill(7);
  expect(decodeCbor(encodeCbor({ bytes, no: undefined, none: null }))).toEqual({ bytes, none: null });
  expect(decodeCbor(cbor.serialize(dateToTag(new Date(1500))))).toEqual(new Tagged(1, 1.5));
});

it('reads half floats and items of open length', () => {
  expect(decodeCbor(Buffer.from('f93e00', 'hex'))).toBe(1.5);
  expect(decodeCbor(Buffer.from('f90001', 'hex'))).toBe(2 ** -24);
  expect(decodeCbor(Buffer.from('9f0120ff', 'hex'))).toEqual([1, -1]);
  expect(decodeCbor(Buffer.from('bf616101ff', 'hex'))).toEqual({ a: 1 });
  expect(decodeCbor(Buffer.from('7f61616162ff', 'hex'))).toBe('ab');
});

it('throws nothing but RangeError, or TypeError for broken texts, whatever the bytes are', () => {
  for (const wrong of ['', 'ff', '61', '9f', 'a10102', '0000', '1c', '7b7fffffffffffffff', '81'.repeat(100)]) {
    expect(() => decodeCbor(Buffer.from(wrong, 'hex'))).toThrow(RangeError);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decodeCbor(bytes);
      } catch (error) {
        expect(error instanceof RangeError || error instanceof TypeError).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});
