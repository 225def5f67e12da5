import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { nearest, show } from '@golden-pipeline/shared/text';
import { operations } from '../wire/operations.ts';
import { faultKinds, kinds } from './kinds.ts';
import { matchesName } from './match.ts';
import type { FaultRequest } from './rule.ts';

/** The operations of S3, which is not a service of the query protocol and so not in the wire's list. */
const s3Operations = `ListBuckets CreateBucket HeadBucket DeleteBucket ListObjects ListObjectsV2 GetBucketLocation
  GetBucketVersioning PutBucketVersioning ListObjectVersions DeleteObjects GetObject HeadObject PutObject CopyObject
  DeleteObject`.split(/\s+/);

const known: Readonly<Record<string, readonly string[]>> = { ...operations, s3: s3Operations };

const limits = {
  forMs: 7 * 86_400_000,
  delayMs: 86_400_000,
  periodMs: 86_400_000,
  count: 1_000_000,
  tokens: 1_000_000,
};

type Check = (value: unknown, name: string) => void;

const pattern =
  (regex: RegExp, example: string): Check =>
  (value, name) => {
    if (typeof value !== 'string' || !regex.test(value)) throw wrong(name, value, `e.g. ${example}`);
  };

const number =
  (from: number, to: number, what: string, whole = true): Check =>
  (value, name) => {
    const fits = typeof value === 'number' && Number.isFinite(value) && value >= from && value <= to;
    if (!fits || (whole && !Number.isInteger(value))) throw wrong(name, value, what);
  };

const rate: Check = (value, name) => {
  if (typeof value !== 'number' || !(value > 0 && value <= 1))
    throw wrong(name, value, 'above 0 and up to 1, e.g. 0.1');
};

/** Each field of a request: how it is called for a person, and what it may be. */
const fields: Readonly<Record<Exclude<keyof FaultRequest, 'kind'>, { flag: string; check: Check }>> = {
  operation: { flag: '--operation', check: pattern(/^[A-Za-z0-9*]{1,100}$/, 'CreateImage or Describe*') },
  service: { flag: '--service', check: checkService },
  region: { flag: '--region', check: pattern(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'eu-west-1') },
  zone: { flag: '--zone', check: pattern(/^[a-z]{2}(-[a-z]+)+-\d+[a-z]$/, 'eu-west-1a') },
  instance: { flag: '--instance', check: pattern(/^i-[0-9a-f]{8,17}$/, 'i-0123456789abcdef0') },
  image: { flag: '--image', check: pattern(/^ami-[0-9a-f]{8,17}$/, 'ami-0123456789abcdef0') },
  group: { flag: '--group', check: pattern(/^[\x20-\x7e]{1,255}$/, 'api-local') },
  type: { flag: '--type', check: pattern(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 't3.micro') },
  alarm: { flag: '--alarm', check: pattern(/^[^\p{Cc}]{1,255}$/u, 'api-errors') },
  rate: { flag: '--rate', check: rate },
  count: { flag: '--count', check: number(1, limits.count, `a whole number from 1 to ${limits.count}`) },
  forMs: { flag: '--for', check: number(1, limits.forMs, 'a time up to 7 days, e.g. 30s', false) },
  code: { flag: '--code', check: pattern(/^[A-Za-z][A-Za-z0-9._-]{0,99}$/, 'InternalError') },
  status: { flag: '--status', check: number(400, 599, 'a status from 400 to 599') },
  message: { flag: '--message', check: pattern(/^[^\p{Cc}]{1,500}$/u, 'one line of text') },
  delayMs: { flag: '--delay', check: number(1, limits.delayMs, 'a time up to a day, e.g. 500ms or 5s', false) },
  periodMs: { flag: '--period', check: number(100, limits.periodMs, 'a time from 100ms to a day, e.g. 10s', false) },
  profile: { flag: '--profile', check: pattern(/^published$/, 'published') },
  capacity: { flag: '--bucket', check: number(1, limits.tokens, 'CAPACITY/REFILL, e.g. 5/2') },
  refill: { flag: '--bucket', check: number(0.001, limits.tokens, 'CAPACITY/REFILL, e.g. 5/2', false) },
};

/**
 * Checks a request from outside and fills in what its kind takes for granted.
 * @throws PipelineError (usage) that names the wrong value and says what would do.
 */
export function checkFault(value: unknown): FaultRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError('fault.malformed', 'a fault is an object with a kind');
  }
  const given = Object.entries(value).filter(([, one]) => one !== undefined && one !== null);
  const kind = faultKinds.find((one) => one === (value as { kind?: unknown }).kind);
  if (!kind) throw unknownKind((value as { kind?: unknown }).kind);
  const { takes, needs = [], defaults } = kinds[kind];
  for (const [name, one] of given) {
    if (name === 'kind') continue;
    const field = Object.hasOwn(fields, name) ? fields[name as keyof typeof fields] : undefined;
    if (!field) throw usageError('fault.unknown-field', `a fault has no field ${show(name)}`);
    if (!takes.includes(name as never)) throw notTaken(kind, field.flag);
    field.check(one, field.flag);
  }
  const request = { ...defaults, ...Object.fromEntries(given) } as FaultRequest;
  for (const name of needs) {
    if (request[name] === undefined) throw usageError('fault.missing', `${kind} needs ${fields[name].flag}`);
  }
  checkTogether(request);
  return request;
}

function checkTogether(request: FaultRequest): void {
  const { operation, service, capacity, refill, profile } = request;
  if ((capacity === undefined) !== (refill === undefined)) {
    throw usageError('fault.bucket', 'a bucket needs its capacity and its refill', '--bucket 5/2');
  }
  if (profile !== undefined && capacity !== undefined) {
    throw usageError('fault.bucket', '--profile and --bucket exclude each other');
  }
  if (operation === undefined) return;
  const names = service === undefined ? Object.values(known).flat() : (known[service] ?? []);
  if (names.some((name) => matchesName(operation, name))) return;
  const meant = nearest(operation, names);
  const where = service === undefined ? 'the local cloud' : service;
  throw usageError(
    'fault.unknown-operation',
    `${where} has no operation ${show(operation)}`,
    meant ? `did you mean ${meant}?` : 'operations are named as in the SDK, e.g. CreateImage or Describe*',
  );
}

function checkService(value: unknown, name: string): void {
  if (typeof value !== 'string' || !Object.hasOwn(known, value)) {
    throw wrong(name, value, `one of ${Object.keys(known).join(', ')}`);
  }
}

function unknownKind(kind: unknown): PipelineError {
  const meant = typeof kind === 'string' ? nearest(kind, faultKinds) : undefined;
  const fix = meant ? `did you mean ${meant}?` : `one of ${faultKinds.join(', ')}`;
  return usageError('fault.unknown-kind', `there is no fault ${show(kind)}`, fix);
}

function notTaken(kind: FaultRequest['kind'], flag: string): PipelineError {
  const flags = [...new Set(kinds[kind].takes.map((name) => fields[name].flag))];
  return usageError('fault.not-taken', `${kind} takes no ${flag}`, `it takes ${flags.join(', ')}`);
}

function wrong(flag: string, value: unknown, what: string): PipelineError {
  return usageError('fault.wrong-value', `${flag} ${show(value)} is wrong`, what);
}
