import { expect, it } from 'vitest';
import { readRetryAfter } from '../../src/notify/http.ts';
import { deliverTo } from './support/deliver-to.ts';
import { released } from './support/facts.ts';
import { type Answer, type Call, startPeer } from './support/peer.ts';

const hook: Call = {
  method: 'POST',
  path: /^\/hooks\/very-secret-4711$/,
  headers: {},
  answer: () => ({ status: 200 }),
};

/** A webhook whose address is the secret. */
async function answering(answer: Answer, timeoutMs?: number) {
  const peer = await startPeer([hook]);
  peer.next.push(answer);
  const given = { 'env:HOOK_URL': `${peer.url}/hooks/very-secret-4711` };
  const error = await deliverTo({ to: 'webhook', url: 'env:HOOK_URL' }, released, {
    given,
    ...(timeoutMs !== undefined && { timeoutMs }),
  }).catch((thrown: Error) => thrown);
  return { error, peer };
}

it.each([
  [{ status: 500 }, 'failed', 'answered 500'],
  [{ status: 503, text: 'down for very-secret-4711' }, 'failed', 'answered 503: down for'],
  [{ status: 408 }, 'failed', 'answered 408'],
  [{ status: 425 }, 'failed', 'answered 425'],
  [{ status: 429 }, 'failed', 'answered 429'],
  [{ status: 400, text: 'no\r\nsuch \u001b[31mfield' }, 'refused', 'answered 400: no such'],
  [{ status: 404, text: '<html>nothing at /hooks/very-secret-4711</html>' }, 'refused', 'answered 404'],
  [{ status: 410, text: '/hooks/very-secret-4711 is gone' }, 'refused', 'answered 410'],
  [{ status: 302, headers: { location: 'https://elsewhere.example/very-secret-4711' } }, 'refused', 'it redirects'],
  ['lost', 'failed', 'cannot be reached (UND_ERR_SOCKET)'],
] as const)('an address that is a secret is shown as its host only, when it answers %j', async (answer, kind, text) => {
  const { error, peer } = await answering(answer as Answer);
  expect(error).toMatchObject({ kind, message: expect.stringContaining(text) });
  expect(error).toMatchObject({ message: expect.stringMatching(/^127\.0\.0\.1:\d+ /) });
  expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('very-secret-4711');
  expect(peer.got).toHaveLength(1);
});

it('a target that takes a request and never answers is left after the time-out', async () => {
  const { error } = await answering('silent', 50);
  expect(error).toMatchObject({ kind: 'failed', message: expect.stringContaining('did not answer within 0.05 s') });
});

it('the pause that a target asks for is read in seconds and as a date, and bounded', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  expect(readRetryAfter('120', now)).toBe(120_000);
  expect(readRetryAfter('Mon, 30 Nov 2026 12:01:00 GMT', now)).toBe(60_000);
  expect(readRetryAfter('Mon, 30 Nov 2020 12:01:00 GMT', now)).toBe(0);
  expect(readRetryAfter('999999999', now)).toBe(6 * 3_600_000);
  for (const text of [null, '', 'soon']) expect(readRetryAfter(text, now)).toBeUndefined();
});

it.each([
  [
    'http://hooks.example.com/very-secret-4711',
    'refused',
    'the address (hooks.example.com) does not start with https://',
  ],
  ['very-secret-4711', 'refused', 'the address (an address that cannot be read) does not start with https://'],
  ['https://hooks.example.com/very secret-4711', 'unavailable', 'variable HOOK_URL has a space or a line end in it'],
  [' ', 'unavailable', 'variable HOOK_URL is empty'],
])(
  'an address from a variable that cannot be used is refused without being shown: %s',
  async (value, kind, message) => {
    const given = { 'env:HOOK_URL': value };
    await expect(deliverTo({ to: 'webhook', url: 'env:HOOK_URL' }, released, { given })).rejects.toMatchObject({
      kind,
      message,
    });
  },
);

it('a token that this computer lacks is a matter of this computer, not of the target', async () => {
  await expect(deliverTo({ to: 'webhook', url: 'env:HOOK_URL' }, released)).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'env:HOOK_URL is not set on this computer',
  });
});
