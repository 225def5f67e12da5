import { crc32 } from 'node:zlib';

/** A checksum that is fed piece by piece; the digest is big-endian. */
export interface Digest {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

/** CRC-32 of zlib and IEEE 802.3. */
export function createCrc32(): Digest {
  let value = 0;
  return {
    update(chunk) {
      value = crc32(chunk, value);
    },
    digest: () => bigEndian(value),
  };
}

/** Reflected polynomial of CRC-32C (Castagnoli). */
const castagnoli = 0x82f63b78;
let castagnoliTable: Uint32Array | undefined;

/** CRC-32C. */
export function createCrc32c(): Digest {
  castagnoliTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ castagnoli : value >>> 1;
    return value >>> 0;
  });
  const table = castagnoliTable;
  let value = 0xffffffff;
  return {
    update(chunk) {
      for (const byte of chunk) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
    },
    digest: () => bigEndian(~value >>> 0),
  };
}

/** Reflected polynomial of CRC-64/NVME. */
const nvme = 0x9a6c9329ac4bc9b5n;
let nvmeTable: { high: Uint32Array; low: Uint32Array } | undefined;

/** CRC-64/NVME, in two halves of 32 bits since big integers are slow. */
export function createCrc64Nvme(): Digest {
  nvmeTable ??= makeNvmeTable();
  const { high: highs, low: lows } = nvmeTable;
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(chunk) {
      for (const byte of chunk) {
        const at = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (lows[at] ?? 0);
        high = (high >>> 8) ^ (highs[at] ?? 0);
      }
    },
    digest: () => Buffer.concat([bigEndian(~high >>> 0), bigEndian(~low >>> 0)]),
  };
}

function makeNvmeTable() {
  const table = { high: new Uint32Array(256), low: new Uint32Array(256) };
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ nvme : value >> 1n;
    table.high[byte] = Number(value >> 32n);
    table.low[byte] = Number(value & 0xffffffffn);
  }
  return table;
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
