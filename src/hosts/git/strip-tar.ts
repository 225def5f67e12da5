import { Transform } from 'node:stream';

const block = 512;
const blocks = (size: number): number => Math.ceil(size / block) * block;

/** Offset and length of the fields of a header (ustar, POSIX.1-1988). */
const fields = {
  name: [0, 100],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  prefix: [345, 155],
} as const;

/**
 * Strips a folder's name from the entries of a tar stream of `git archive`; other entries and the folder itself are
 * skipped. Names are bytes without an encoding. `count()` returns the number of files so far.
 * @param folder As bytes, one per character, without a slash at its end.
 */
export function stripTar(folder: string): Transform & { count(): number } {
  const reader = createReader(`${folder}/`);
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        reader.read(chunk, (bytes) => this.push(bytes));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return Object.assign(stream, { count: () => reader.count });
}

type Emit = (bytes: Buffer) => void;

function createReader(start: string) {
  let rest: Buffer = Buffer.alloc(0);
  /** Remaining bytes of the entry's contents, and whether they are passed on. */
  let body = { left: 0, pass: true };
  /** A header with extended attributes, and its contents, for the next entry. */
  let extended: { header: Buffer; contents: Buffer } | undefined;
  const reader = {
    count: 0,
    read(chunk: Buffer, emit: Emit): void {
      rest = Buffer.concat([rest, chunk]);
      while (step(emit));
    },
  };

  /** Processes one part; false when more data is needed. */
  function step(emit: Emit): boolean {
    if (body.left > 0) {
      const part = rest.subarray(0, body.left);
      if (part.length === 0) return false;
      if (body.pass) emit(Buffer.from(part));
      body.left -= part.length;
      rest = rest.subarray(part.length);
      return true;
    }
    if (rest.length < block) return false;
    const header = Buffer.from(rest.subarray(0, block));
    if (header.every((byte) => byte === 0)) return end(emit);
    const type = text(header, 'type');
    const size = type === 'x' ? sizeOf(header) : (extendedSize() ?? sizeOf(header));
    if (type === 'x') {
      if (rest.length < block + blocks(size)) return false;
      extended = { header, contents: Buffer.from(rest.subarray(block, block + size)) };
      rest = rest.subarray(block + blocks(size));
      return true;
    }
    rest = rest.subarray(block);
    body = { left: blocks(type === '2' || type === '5' ? 0 : size), pass: type === 'g' || entry(header, type, emit) };
    if (type === 'g') emit(header);
    return true;
  }

  /** Size of a file from 8 GiB on. Git writes it in the header before the file's own, which has 0 then. */
  function extendedSize(): number | undefined {
    const size = extended && readRecords(extended.contents).find(([key]) => key === 'size')?.[1];
    return size === undefined ? undefined : Number(size);
  }

  function end(emit: Emit): boolean {
    emit(Buffer.from(rest.subarray(0, block)));
    rest = rest.subarray(block);
    return true;
  }

  /** Passes the header of an entry on under its new name. @returns false for one that is skipped */
  function entry(header: Buffer, type: string, emit: Emit): boolean {
    const more = extended;
    extended = undefined;
    const records = more && readRecords(more.contents);
    const long = records?.find(([key]) => key === 'path');
    const prefix = text(header, 'prefix');
    const name = long?.[1] ?? (prefix === '' ? text(header, 'name') : `${prefix}/${text(header, 'name')}`);
    if (!name.startsWith(start) || name === start) return false;
    if (type !== '5') reader.count++;
    if (long) long[1] = name.slice(start.length);
    else rename(header, prefix, start.length);
    if (more && records) emitExtended(more.header, records, emit);
    emit(header);
    return true;
  }

  return reader;
}

/** A shortened name always fits where the whole one did. */
function rename(header: Buffer, prefix: string, length: number): void {
  const name = text(header, 'name');
  const inPrefix = prefix === '' ? 0 : prefix.length + 1;
  write(header, 'prefix', prefix.slice(Math.min(length, prefix.length)));
  if (length >= inPrefix) write(header, 'name', name.slice(length - inPrefix));
  sum(header);
}

function emitExtended(header: Buffer, records: [string, string][], emit: Emit): void {
  const contents = Buffer.from(records.map(([key, value]) => record(key, value)).join(''), 'latin1');
  write(header, 'size', `${contents.length.toString(8).padStart(11, '0')}\0`);
  sum(header);
  emit(header);
  emit(Buffer.concat([contents, Buffer.alloc(blocks(contents.length) - contents.length)]));
}

/** `length key=value` and a line feed, where the length counts itself (pax, POSIX.1-2001). */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}

function readRecords(contents: Buffer): [string, string][] {
  const all = contents.toString('latin1');
  const records: [string, string][] = [];
  for (let at = 0; at < all.length; ) {
    const length = Number.parseInt(all.slice(at), 10);
    if (!(length > 0)) throw new Error('the archive has a damaged header');
    const line = all.slice(all.indexOf(' ', at) + 1, at + length - 1);
    records.push([line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    at += length;
  }
  return records;
}

/** Octal; where the first bit is set, the number is in the bytes themselves (files from 8 GiB on). */
function sizeOf(header: Buffer): number {
  const [at, length] = fields.size;
  const field = header.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(field.toString('latin1'), 8) || 0;
  return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
}

function text(header: Buffer, field: keyof typeof fields): string {
  const [at, length] = fields[field];
  const [value = ''] = header.toString('latin1', at, at + length).split('\0', 1);
  return value;
}

function write(header: Buffer, field: keyof typeof fields, value: string): void {
  const [at, length] = fields[field];
  header.fill(0, at, at + length);
  header.write(value, at, length, 'latin1');
}

/** The sum of all bytes, its own field counted as spaces. */
function sum(header: Buffer): void {
  const [at, length] = fields.checksum;
  header.fill(' ', at, at + length);
  const total = header.reduce((all, byte) => all + byte, 0);
  header.write(`${total.toString(8).padStart(6, '0')}\0 `, at, length, 'latin1');
}
