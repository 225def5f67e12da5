import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** A visitor of its own: one that keeps its connection may be answered once more by the rules of before. */
export async function visit(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const request = httpGet(url, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}
