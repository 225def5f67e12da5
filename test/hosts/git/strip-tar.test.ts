import { once } from 'node:events';
import { expect, it } from 'vitest';
import { stripTar } from '../../../src/hosts/git/strip-tar.ts';

/** A header of 512 bytes, as git writes one, but for its checksum. */
function header(name: string, size: number, type = '0'): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write(name, 0, 'latin1');
  bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  bytes.write(type, 156, 'latin1');
  return bytes;
}

const padded = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(512 - text.length)]);

it('a file passes completely when its size is in the header before it, since git writes 0 in its own from 8 GiB on', async () => {
  const record = '13 size=1024\n';
  const body = Buffer.alloc(1024, 'b');
  const stream = stripTar('app');
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.end(
    Buffer.concat([
      ...[header('app/large.paxheader', record.length, 'x'), padded(record), header('app/large', 0), body],
      ...[header('app/small', 1), padded('s'), Buffer.alloc(1024)],
    ]),
  );
  await once(stream, 'end');
  const all = Buffer.concat(parts);
  expect(stream.count()).toBe(2);
  expect(all.subarray(512, 512 + record.length).toString()).toBe(record);
  expect(all.subarray(1024, 1024 + 5).toString()).toBe('large');
  expect(all.subarray(1536, 1536 + 1024)).toEqual(body);
  expect(all.subarray(2560, 2560 + 5).toString()).toBe('small');
});
