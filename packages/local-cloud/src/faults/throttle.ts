import { account } from '../settings.ts';
import { CloudError } from '../wire/handler.ts';
import type { CallFacts } from './match.ts';
import { type Limit, publishedLimits } from './published-limits.ts';
import type { FaultRule } from './rule.ts';

/** Tokens of one bucket, as of a time. */
interface Bucket {
  tokens: number;
  at: number;
}

/** The token buckets of `throttle` rules: each rule has its own, full when it is switched on. */
export class Throttle {
  readonly #buckets = new WeakMap<FaultRule, Map<string, Bucket>>();

  /**
   * Takes the call's tokens, or none when one of its buckets has too few.
   * @param now milliseconds of the cloud's clock
   * @returns the refusal of a call that is over a limit
   */
  take(
    rule: FaultRule,
    call: CallFacts,
    input: Readonly<Record<string, unknown>>,
    now: number,
  ): CloudError | undefined {
    const buckets = this.#buckets.get(rule) ?? new Map<string, Bucket>();
    this.#buckets.set(rule, buckets);
    const limits = limitsOf(rule, call, input);
    const filled = limits.map((limit) => ({
      limit,
      bucket: fill(buckets, `${call.region} ${limit.bucket}`, limit, now),
    }));
    const short = filled.find(({ limit, bucket }) => bucket.tokens < Math.min(limit.cost, limit.capacity));
    if (short) {
      rule.hits++;
      return refusal(call, short.limit);
    }
    for (const { limit, bucket } of filled) bucket.tokens -= limit.cost;
    return undefined;
  }
}

function limitsOf(rule: FaultRule, call: CallFacts, input: Readonly<Record<string, unknown>>): Limit[] {
  if (rule.capacity === undefined || rule.refill === undefined) return publishedLimits(call, input);
  return [{ bucket: 'own', capacity: rule.capacity, refill: rule.refill, cost: 1 }];
}

/** EC2 adds its tokens once a second, the others are not known to; a steady flow is the same in the mean. */
function fill(buckets: Map<string, Bucket>, key: string, { capacity, refill }: Limit, now: number): Bucket {
  const bucket = buckets.get(key) ?? { tokens: capacity, at: now };
  const gained = (Math.max(0, now - bucket.at) / 1000) * refill;
  bucket.tokens = Math.min(capacity, bucket.tokens + gained);
  bucket.at = now;
  buckets.set(key, bucket);
  return bucket;
}

/** Over a limit, each service in its own words. */
function refusal({ service, operation }: CallFacts, { resources }: Limit): CloudError {
  if (service === 's3') return new CloudError('SlowDown', 'Please reduce your request rate.', 503);
  if (service === 'ssm' || service === 'secretsmanager') {
    return new CloudError('ThrottlingException', 'Rate exceeded', 400);
  }
  if (service !== 'ec2') return new CloudError('Throttling', 'Rate exceeded', 400);
  const why = resources
    ? `Request limit exceeded. Account ${account.id} has been throttled on ec2:${operation} because it exceeded its resource throttling limit.`
    : 'Request limit exceeded.';
  return new CloudError('RequestLimitExceeded', why, 503);
}
