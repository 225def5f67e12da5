import { systemClock } from '@golden-pipeline/shared/clock';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { expect, it } from 'vitest';
import { emptyState } from '../../src/model.ts';
import { homeRegion } from '../../src/regions.ts';
import { createSecretService } from '../../src/secretsmanager/service.ts';
import { createParameterService } from '../../src/ssm/service.ts';
import { createResponder } from '../../src/wire/respond.ts';
import { serviceShapes } from '../../src/wire/shapes.ts';
import { signRequest } from '../wire/support/sign.ts';
import { credentials, region } from '../wire/support/start-wire.ts';
import { valuesOf } from '../wire/support/values.ts';

/** FUZZ_RUNS=100000 for a long run. */
const runs = Number(process.env.FUZZ_RUNS ?? 2000);

/** Names that requests meet each other by. */
const name = fc.constantFrom('/a', '/a/b', 'a', '__proto__', 'constructor', '/a:1', '/a:x');
const naming = fc.record({ Name: name, SecretId: name, Path: name, Type: fc.constantFrom('String', 'SecureString') });

const requests = fc.constantFrom('ssm' as const, 'secretsmanager' as const).chain((service) => {
  const shapes = serviceShapes[service];
  return fc.constantFrom(...shapes.operationNames).chain((operation) => {
    const type = shapes.operation(operation)?.input;
    const input = (type ? valuesOf(shapes, type, true) : undefined) ?? fc.constant({});
    const good = fc.tuple(input, naming, fc.boolean()).map(([given, names, keep]) => {
      const known = Object.entries(names).filter(([key]) => keep && Object.hasOwn(given as object, key));
      return JSON.stringify({ ...(given as object), ...Object.fromEntries(known) }, (_key, value) => {
        return value?.type === 'Buffer' || value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
      });
    });
    const body = fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: fc.json() }, fc.constant('{'));
    return fc.record({ service: fc.constant(service), operation: fc.constant(operation), body });
  });
});

it(`CLD-WIR-07 answers ${runs} requests in JSON, right, wrong and broken, with JSON and no defect`, async () => {
  const state = emptyState();
  const clock = systemClock();
  const context = { state, clock, region: homeRegion, changed: () => undefined };
  const tables = {
    ssm: createParameterService(context).handlers,
    secretsmanager: createSecretService(context).handlers,
  };
  const defects: unknown[] = [];
  const respond = createResponder({ tables, credentials, region, clock, report: (error) => defects.push(error) });
  const codes = new Set<string>();
  const property = fc.asyncProperty(requests, async ({ service, operation, body }) => {
    const headers = signRequest({
      ...{ service, region, body, at: clock.now(), host: 'here', credentials },
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${serviceShapes[service].target}.${operation}`,
      },
    });
    const lists = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, [value]]));
    const answer = await respond({ method: 'POST', path: '/', query: '', headers: lists, body: Buffer.from(body) });
    const document = JSON.parse(String(answer.document));
    expect(answer.status).toBeLessThan(500);
    codes.add(document.__type ?? 'none');
  });
  await fc.assert(property, { numRuns: runs });
  expect(defects).toEqual([]);
  // Else it would only ever test one refusal.
  expect(codes.size).toBeGreaterThan(8);
  expect(codes).toContain('none');
}, 600_000);
