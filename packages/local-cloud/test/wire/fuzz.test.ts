import fc from '@golden-pipeline/shared/testing/fast-check';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { XMLValidator } from 'fast-xml-parser';
import { expect, it } from 'vitest';
import { formTree, parseForm } from '../../src/wire/form.ts';
import { CloudError, type HandlerTable } from '../../src/wire/handler.ts';
import { operations, type ServiceName } from '../../src/wire/operations.ts';
import { createResponder } from '../../src/wire/respond.ts';
import { signRequest } from './support/sign.ts';
import { credentials, region, startWire } from './support/start-wire.ts';
import { bytesOf, serviceNames, wildRequests } from './support/wild-requests.ts';

/** FUZZ_RUNS=100000 for a long run. The services behind the wire have a fuzz test of their own: daemon/fuzz.test.ts. */
const runs = Number(process.env.FUZZ_RUNS ?? 8000);

/** Each handler answers with something of its input, or refuses with it: what came in must be safe on its way out. */
const echo = (input: object) => {
  const text = JSON.stringify(input);
  if (text.length % 3 === 0) throw new CloudError(text.slice(0, 40), text);
  return { NextToken: text };
};
const tables = Object.fromEntries(
  serviceNames.map((service) => [service, Object.fromEntries(operations[service].map((name) => [name, echo]))]),
) as unknown as Record<ServiceName, HandlerTable>;

const wild = wildRequests();

it(`CLD-WIR-07 answers ${runs} requests, right, wrong and broken, with well-formed XML and no defect`, async () => {
  const clock = new ManualClock();
  const defects: unknown[] = [];
  const respond = createResponder({ tables, credentials, region, clock, report: (error) => defects.push(error) });
  const statuses = new Map<number, number>();
  const property = fc.asyncProperty(wild, async (request) => {
    const body = bytesOf(request);
    const { service } = request;
    const headers = signRequest({ service, region, body, at: clock.now(), host: 'here', credentials });
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const answer = await respond({ method: 'POST', path: '/', query: '', headers: lists, body });
    expect(XMLValidator.validate(String(answer.document))).toBe(true);
    expect(String(answer.document)).not.toMatch(/InternalError|InternalFailure/);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  });
  await fc.assert(property, { numRuns: runs });
  expect(defects).toEqual([]);
  // Else the generator would only ever test one refusal.
  expect(statuses.get(200) ?? 0, 'requests that were good').toBeGreaterThan(runs / 10);
  expect(statuses.get(400) ?? 0, 'requests that were not').toBeGreaterThan(runs / 10);
}, 600_000);

it('answers hundreds of them over HTTP, and goes on', async () => {
  const wire = await startWire(tables);
  const property = fc.asyncProperty(
    wild,
    fc.constantFrom('', '?', '?a=%', '?Action=x&Action=y'),
    async (request, query) => {
      const host = `127.0.0.1:${wire.port}`;
      const body = bytesOf(request);
      const headers = signRequest({ service: request.service, region, body, at: Date.now(), host, credentials });
      const answer = await fetch(`${wire.endpoint}/${query}`, { method: 'POST', headers, body });
      expect(XMLValidator.validate(await answer.text())).toBe(true);
      expect(answer.status).toBeLessThan(500);
    },
  );
  try {
    await fc.assert(property, { numRuns: 500 });
    expect(wire.reports).toEqual([]);
  } finally {
    await wire.close();
  }
}, 60_000);

it('reads any bytes at all, or refuses them', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      formTree(parseForm(Buffer.from(bytes).toString('utf8')));
    } catch (error) {
      expect(error).toBeInstanceOf(CloudError);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});
