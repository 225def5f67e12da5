import { S3Error } from './error.ts';

/** Longest line of the framing: a chunk's size with its extensions, or a trailer. */
const maximumLine = 4096;
/** Bytes of all trailers together. */
const maximumTrailers = 16_384;

/**
 * Takes the framing off an `aws-chunked` body. Signatures of chunks are not asked for here.
 * @param trailers Filled with what stands behind the last chunk, names in lower case.
 * @throws S3Error `IncompleteBody` for a body that ends early, `InvalidRequest` for one that is not framed
 */
export async function* unchunk(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer, void, undefined> {
  const input = new Input(source);
  for (;;) {
    const size = chunkSize(await input.line());
    if (size === 0) break;
    for (let left = size; left > 0; ) {
      const piece = await input.take(left);
      left -= piece.length;
      yield piece;
    }
    if ((await input.line()) !== '') throw badFraming();
  }
  for (let total = 0; ; ) {
    const line = await input.line(true);
    if (line === undefined || line === '') break;
    total += line.length;
    const at = line.indexOf(':');
    if (at < 1 || total > maximumTrailers) throw malformedTrailer();
    trailers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  if (!(await input.ended())) throw badFraming();
}

class Input {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** The next line without its end. With `orEnd` undefined at the end of the body. */
  line(): Promise<string>;
  line(orEnd: true): Promise<string | undefined>;
  async line(orEnd = false): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const at = this.#rest.indexOf('\r\n', Math.max(0, from - 1));
      if (at > maximumLine || (at < 0 && this.#rest.length > maximumLine)) throw badFraming();
      if (at >= 0) {
        const line = this.#rest.toString('latin1', 0, at);
        this.#rest = this.#rest.subarray(at + 2);
        return line;
      }
      from = this.#rest.length;
      const more = await this.#more();
      if (more) this.#rest = Buffer.concat([this.#rest, more]);
      else if (orEnd && this.#rest.length === 0) return undefined;
      else throw incompleteBody();
    }
  }

  /** At least one byte and at most `most`. */
  async take(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const more = await this.#more();
      if (!more) throw incompleteBody();
      this.#rest = more;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async ended(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const more = await this.#more();
      if (!more) return true;
      this.#rest = more;
    }
    return false;
  }

  async #more(): Promise<Buffer | undefined> {
    const next = await this.#iterator.next();
    return next.done ? undefined : next.value;
  }
}

function chunkSize(line: string): number {
  const digits = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line)?.[1];
  if (digits === undefined) throw badFraming();
  return Number.parseInt(digits, 16);
}

export function incompleteBody(): S3Error {
  const message = 'You did not provide the number of bytes specified by the Content-Length HTTP header.';
  return new S3Error('IncompleteBody', message, 400);
}

function badFraming(): S3Error {
  return new S3Error('InvalidRequest', 'The body is not framed as aws-chunked.', 400);
}

function malformedTrailer(): S3Error {
  const message =
    'The request contained trailing data that was not well-formed or did not conform to our published schema.';
  return new S3Error('MalformedTrailerError', message, 400);
}
