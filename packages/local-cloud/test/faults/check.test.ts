import { expect, it } from 'vitest';
import { checkFault } from '../../src/faults/check.ts';
import { faultKinds, kinds } from '../../src/faults/kinds.ts';

it.each(faultKinds)('%s needs no more than what it says it needs', (kind) => {
  const values = { zone: 'eu-west-1a', alarm: 'api-errors' } as Record<string, string>;
  const needed = Object.fromEntries((kinds[kind].needs ?? []).map((name) => [name, values[name]]));
  expect(checkFault({ kind, ...needed })).toMatchObject({ kind, ...kinds[kind].defaults });
});

it.each<[unknown, string, string?]>([
  [undefined, 'a fault is an object'],
  [[], 'a fault is an object'],
  [{}, 'there is no fault nothing', 'one of throttle,'],
  [{ kind: 'eror' }, 'there is no fault "eror"', 'did you mean error?'],
  [{ kind: 'error', color: 'red' }, 'no field "color"'],
  [{ kind: 'error', constructor: 1 }, 'no field "constructor"'],
  [{ kind: 'latency', zone: 'eu-west-1a' }, 'latency takes no --zone', 'it takes --operation, --service'],
  [{ kind: 'zone-lost' }, 'zone-lost needs --zone'],
  [{ kind: 'zone-lost', zone: 'a' }, '--zone "a" is wrong', 'e.g. eu-west-1a'],
  [{ kind: 'error', rate: 0 }, '--rate 0 is wrong', 'above 0 and up to 1'],
  [{ kind: 'error', rate: 1.5 }, '--rate 1.5'],
  [{ kind: 'error', rate: '0.5' }, '--rate "0.5"'],
  [{ kind: 'error', rate: Number.NaN }, '--rate'],
  [{ kind: 'error', count: 0 }, '--count 0'],
  [{ kind: 'error', count: 1.5 }, '--count 1.5'],
  [{ kind: 'error', status: 200 }, '--status 200', 'from 400 to 599'],
  [{ kind: 'error', code: 'two words' }, '--code'],
  [{ kind: 'error', message: 'two\nlines' }, '--message', 'one line'],
  [{ kind: 'error', forMs: -1 }, '--for -1'],
  [{ kind: 'error', operation: 'CreateImages' }, 'no operation "CreateImages"', 'did you mean CreateImage?'],
  [{ kind: 'error', operation: 'CreateImage', service: 's3' }, 's3 has no operation "CreateImage"'],
  [{ kind: 'error', service: 'sqs' }, '--service "sqs"', 'one of ec2, autoscaling'],
  [{ kind: 'throttle', capacity: 5 }, 'a bucket needs'],
  [{ kind: 'throttle', capacity: 5, refill: 1, profile: 'published' }, 'exclude each other'],
  [{ kind: 'throttle', profile: 'strict' }, '--profile "strict"'],
  [{ kind: 'flapping', instance: 'i-1; rm' }, '--instance'],
])('%j is refused', (request, message, fix = '') => {
  let thrown: unknown;
  try {
    checkFault(request);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ outcome: 'usage', message: expect.stringContaining(message) });
  if (fix) expect(thrown).toMatchObject({ fix: expect.stringContaining(fix) });
});

it('knows the operations of S3, and lets nothing that was left out through', () => {
  expect(checkFault({ kind: 'error', operation: 'PutObject' })).toEqual({ kind: 'error', operation: 'PutObject' });
  expect(checkFault({ kind: 'error', service: undefined, zone: undefined })).toEqual({ kind: 'error' });
});
