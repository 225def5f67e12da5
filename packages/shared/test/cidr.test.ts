import { expect, it } from 'vitest';
import { contains, overlap, readBlock, showBlock } from '../src/cidr.ts';

const block = (text: string) => readBlock(text) ?? { first: Number.NaN, size: Number.NaN };

it.each([
  ['10.1.2.3/16', '10.1.0.0/16'],
  ['192.0.2.7/32', '192.0.2.7/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/1', '128.0.0.0/1'],
])('%s is the block %s', (text, shown) => expect(showBlock(block(text))).toBe(shown));

it.each(['10.0.0.0', '10.0.0.256/8', '10.0.0.0/33', '::/0', '10.0.0.0/8 '])('%j is none', (text) =>
  expect(readBlock(text)).toBeUndefined(),
);

it('blocks lie inside each other, or share addresses', () => {
  expect(contains(block('10.0.0.0/8'), block('10.255.0.0/16'))).toBe(true);
  expect(contains(block('10.255.0.0/16'), block('10.0.0.0/8'))).toBe(false);
  expect(overlap(block('10.0.0.0/9'), block('10.128.0.0/9'))).toBe(false);
  expect(overlap(block('10.0.0.0/8'), block('10.128.0.0/9'))).toBe(true);
});
