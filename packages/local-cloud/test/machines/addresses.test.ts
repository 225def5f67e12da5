import { expect, it } from 'vitest';
import { claimAddressBlock } from '../../src/machines/address-block.ts';
import { AddressPool } from '../../src/machines/address-pool.ts';

it('claims blocks that nobody else has, until they are given back', async () => {
  const claims = await Promise.all([claimAddressBlock(), claimAddressBlock(), claimAddressBlock()]);
  const blocks = claims.map((claim) => claim.block);
  expect(new Set(blocks).size).toBe(3);
  for (const block of blocks) expect(block).toBeGreaterThanOrEqual(10);
  await claims[1]?.close();
  const again = await claimAddressBlock(blocks[1]);
  expect(again.block).toBe(blocks[1]);
  const other = await claimAddressBlock(blocks[0]);
  expect(other.block).not.toBe(blocks[0]);
  await Promise.all([claims[0], claims[2], again, other].map((claim) => claim?.close()));
});

it('hands out every machine address of the block once', () => {
  const pool = new AddressPool(77);
  expect(pool.takeAddress()).toBe('127.77.16.1');
  const rest = Array.from({ length: 239 * 254 - 1 }, () => pool.takeAddress());
  expect(new Set(rest).size).toBe(rest.length);
  expect(rest.at(-1)).toBe('127.77.254.254');
  expect(() => pool.takeAddress()).toThrow('All 60706 machine addresses of 127.77.0.0/16 are taken');
  pool.release('127.77.100.7');
  expect(pool.takeAddress()).toBe('127.77.100.7');
});

it('leaves out reserved addresses and takes a released one last', () => {
  const pool = new AddressPool(77);
  pool.reserve('127.77.16.1');
  pool.reserve('127.77.2.1');
  const taken = pool.takeAddress();
  expect(taken).toBe('127.77.16.2');
  pool.release(taken);
  expect(pool.takeAddress()).toBe('127.77.16.3');
  expect(pool.takeBalancerAddress()).toBe('127.77.2.2');
});
