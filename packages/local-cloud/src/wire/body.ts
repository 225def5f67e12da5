import type { IncomingMessage } from 'node:http';

/** How far a body over the limit is still read (and thrown away), so that its sender gets to see the refusal. */
const patience = 16;

/**
 * Reads a request's body.
 * @param limit Bytes.
 * @returns The body; `too-large` when it is over the limit; undefined when the sender went away.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too-large' | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      if (size > limit * patience) return 'too-large';
    }
  } catch {
    return undefined;
  }
  return size > limit ? 'too-large' : Buffer.concat(chunks, size);
}
