import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { expect, it } from 'vitest';
import { formTree, parseForm } from '../../../src/local-cloud/wire/form.ts';
import { CloudError, type HandlerTable } from '../../../src/local-cloud/wire/handler.ts';
import { operations, type ServiceName } from '../../../src/local-cloud/wire/operations.ts';
import { createResponder } from '../../../src/local-cloud/wire/respond.ts';
import { type Member, type ServiceShapes, serviceShapes, type TypeRef } from '../../../src/local-cloud/wire/shapes.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { signRequest } from './support/sign.ts';
import { credentials, region, startWire } from './support/start-wire.ts';

/** FUZZ_RUNS=20000 for the long run. */
const runs = Number(process.env.FUZZ_RUNS ?? 4000);

const serviceNames = Object.keys(operations) as ServiceName[];

/** Each handler answers with something of its input, or refuses with it: what came in must be safe on its way out. */
const echo = (input: object) => {
  const text = JSON.stringify(input);
  if (text.length % 3 === 0) throw new CloudError(text.slice(0, 40), text);
  return { NextToken: text };
};
const tables = Object.fromEntries(
  serviceNames.map((service) => [service, Object.fromEntries(operations[service].map((name) => [name, echo]))]),
) as unknown as Record<ServiceName, HandlerTable>;

const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    '',
    '1',
    '-1e999',
    'true',
    '2026-01-01T00:00:00Z',
    '9999-99-99',
    'null',
    '__proto__',
    ']]>',
    '\u0000\u001f',
  ),
);

const fitting: Record<string, fc.Arbitrary<string>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 8 }),
  number: fc.integer().map(String),
  boolean: fc.constantFrom('true', 'false'),
  timestamp: fc.constant('2026-01-01T00:00:00.5Z'),
  blob: fc.constant('c3No'),
};

const rarely = <T>(odd: fc.Arbitrary<T>, else_: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 1, arbitrary: odd }, { weight: 15, arbitrary: else_ });

/** Parameters that fit the shape mostly: now and then a wrong value, an odd number, a stranger, or something left out. */
function parameters(shapes: ServiceShapes, type: TypeRef, prefix: string, depth = 0): fc.Arbitrary<string[]> {
  const shape = shapes.shape(type);
  const leaf = rarely(scalar, fitting[shape.kind] ?? scalar).map((value) => [`${encode(prefix)}=${encode(value)}`]);
  const below = (name: string, inner: TypeRef) =>
    depth > 6 ? leaf : parameters(shapes, inner, prefix === '' ? name : `${prefix}.${name}`, depth + 1);
  if (shape.kind === 'struct' && shape.members.length > 0) {
    const { members, required } = shape;
    const ofMember = ({ requestKey, type: inner }: Member) => below(requestKey, inner);
    const some = fc.uniqueArray(fc.nat(members.length - 1), { minLength: 1, maxLength: depth === 0 ? 6 : 2 });
    const none = fc.constant<string[]>([]);
    const stranger = fc.constantFrom('Foo', '__proto__', 'constructor', '0').chain((name) => below(name, 's'));
    return some.chain((drawn) => {
      const wanted = [...new Set([...drawn, ...members.slice(0, required).keys()])];
      const parts = wanted.flatMap((index) => members[index] ?? []).map((member) => rarely(none, ofMember(member)));
      return fc.tuple(...parts, rarely(stranger, none)).map((lists) => lists.flat());
    });
  }
  if (shape.kind === 'list') {
    const index = rarely(fc.constantFrom('0', '007', '-1', '999999999999', 'x'), fc.constantFrom('1', '2'));
    const item = shapes.protocol === 'ec2' ? '' : `${shape.item}.`;
    return index.chain((number) => below(`${item}${number}`, shape.of));
  }
  if (shape.kind === 'map') return below(`entry.1.${shape.keyName}`, 's');
  return leaf;
}

function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''));
}

/** A body for any operation of any service. */
const form = fc.constantFrom(...serviceNames).chain((service) => {
  const shapes = serviceShapes[service];
  return fc.constantFrom(...operations[service]).chain((operation) => {
    const input = shapes.operation(operation)?.input;
    const parts = input ? parameters(shapes, input, '') : fc.constant<string[]>([]);
    return parts.map((list) => ({
      service,
      body: [`Action=${operation}`, `Version=${shapes.version}`, ...list].join('&'),
    }));
  });
});

/** The same with some bytes changed, taken out or put in. */
const mutated = fc
  .tuple(form, fc.oneof(fc.constant([]), fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { maxLength: 6 })))
  .map(([{ service, body }, changes]) => {
    const bytes = [...Buffer.from(body)];
    for (const [at, byte, kind] of changes) {
      bytes.splice(at % bytes.length, kind === 2 ? 0 : 1, ...(kind === 1 ? [] : [byte]));
    }
    return { service, body: Buffer.from(bytes) };
  });

it('answers thousands of requests, right, wrong and broken, with well-formed XML and no defect', async () => {
  const clock = new ManualClock();
  const defects: unknown[] = [];
  const respond = createResponder({ tables, credentials, region, clock, report: (error) => defects.push(error) });
  const statuses = new Map<number, number>();
  const property = fc.asyncProperty(mutated, async ({ service, body }) => {
    const headers = signRequest({ service, region, body, at: clock.now(), host: 'here', credentials });
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const answer = await respond({ method: 'POST', path: '/', query: '', headers: lists, body });
    expect(XMLValidator.validate(answer.document)).toBe(true);
    expect(answer.document).not.toMatch(/InternalError|InternalFailure/);
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
    mutated,
    fc.constantFrom('', '?', '?a=%', '?Action=x&Action=y'),
    async ({ service, body }, query) => {
      const host = `127.0.0.1:${wire.port}`;
      const headers = signRequest({ service, region, body, at: Date.now(), host, credentials });
      const answer = await fetch(`${wire.endpoint}/${query}`, { method: 'POST', headers, body });
      expect(XMLValidator.validate(await answer.text())).toBe(true);
      expect(answer.status).toBeLessThan(500);
    },
  );
  try {
    await fc.assert(property, { numRuns: 300 });
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
