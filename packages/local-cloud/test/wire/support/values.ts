import fc from '@golden-pipeline/shared/testing/fast-check';
import type { ServiceShapes, TypeRef } from '../../../src/wire/shapes.ts';

/** Deeper than any served shape needs; keeps shapes that refer to themselves finite. */
const deepest = 9;

/** Strings as people send them, with what is awkward in forms and XML. */
const text = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
    fc.constantFrom(
      'a&b=c+d%',
      '<x>&amp;]]>',
      'line\r\nbreak\t',
      '  spaces  ',
      '0012',
      'true',
      'ünïcode 😀',
      '1.50',
      'null',
    ),
  )
  .filter((value) => value.replace(unsendable, '') === value && !indentation(value));

/** What XML cannot hold does not come back. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
const unsendable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** The SDK's XML reader takes a text of nothing but white space and line breaks for indentation. */
function indentation(value: string): boolean {
  return value.trim() === '' && value.includes('\n');
}

const simple: Record<string, fc.Arbitrary<unknown>> = {
  string: text,
  number: fc.oneof(fc.integer({ min: 1 - 2 ** 31 }), fc.integer({ min: 0, max: 100 })),
  boolean: fc.boolean(),
  timestamp: fc.date({ min: new Date('1971-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
  blob: fc.uint8Array({ minLength: 1, maxLength: 20 }),
};

/**
 * Values of a type, sparse as real ones are.
 * @param emptyLists Whether lists may be empty: EC2's requests cannot say so.
 * @returns undefined for a shape that has no value but the empty one.
 */
export function valuesOf(
  shapes: ServiceShapes,
  type: TypeRef,
  emptyLists: boolean,
  depth = 0,
): fc.Arbitrary<unknown> | undefined {
  const shape = shapes.shape(type);
  if (depth > deepest) return undefined;
  if (shape.kind === 'list') {
    const inner = valuesOf(shapes, shape.of, emptyLists, depth + 1);
    return inner && fc.array(inner, { minLength: emptyLists ? 0 : 1, maxLength: depth === 0 ? 3 : 2 });
  }
  if (shape.kind === 'map') {
    const inner = valuesOf(shapes, shape.of, emptyLists, depth + 1);
    return inner && fc.dictionary(text, inner, { minKeys: 1, maxKeys: 3 });
  }
  if (shape.kind !== 'struct') return simple[shape.kind];
  const members = shape.members.flatMap(({ name, type }, index) => {
    // Deep optional parts multiply: below the third level only simple members stay.
    const isSimple = !['struct', 'list'].includes(shapes.shape(type).kind);
    const required = index < shape.required;
    if (depth > 4 && !isSimple && !required) return [];
    const value = valuesOf(shapes, type, emptyLists, depth + 1);
    return value ? [{ name, value, required, likely: isSimple ? 0.3 : 0.6 / (depth + 1) }] : [];
  });
  if (members.length === 0) return undefined;
  const parts = members.map(({ name, value, required, likely }) =>
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(name), value, fc.constant(required ? 1 : likely)),
  );
  return fc.tuple(fc.nat(members.length - 1), ...parts).map(([sure, ...drawn]) => {
    const kept = drawn.filter(([luck, , , likely], index) => index === sure || luck <= likely);
    return Object.fromEntries(kept.map(([, name, value]) => [name, value]));
  });
}
