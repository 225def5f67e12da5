import type { Clock } from '@golden-pipeline/shared/clock';
import { type CallFaults, CloudError, CutConnection } from '../wire/handler.ts';
import { Inconsistency } from './inconsistency.ts';
import { type CallFacts, fitsCall, type Records } from './match.ts';
import type { FaultRegistry } from './registry.ts';
import type { FaultRule } from './rule.ts';
import { Throttle } from './throttle.ts';

/** What goes wrong with calls: for the wire, before and after each handler. */
export function callFaults(options: {
  registry: FaultRegistry;
  clock: Clock;
  records: Records;
  /** Ends the waits of slow calls. */
  signal: AbortSignal;
}): CallFaults {
  const { registry, clock, signal } = options;
  const throttle = new Throttle();
  const inconsistency = new Inconsistency(registry, clock);
  return {
    async before(call, input, struck) {
      const fits = (rule: FaultRule) => fitsCall(rule, call);
      for (const rule of registry.inForce('throttle').filter(fits)) {
        const refusal = throttle.take(rule, call, (input ?? {}) as Record<string, unknown>, clock.now());
        if (!refusal) continue;
        struck(rule.id);
        throw refusal;
      }
      const slow = registry.strike('latency', fits);
      if (slow) {
        struck(slow.id);
        // The cloud's end does not wait for slow answers.
        await clock.sleep(slow.delayMs ?? 0, signal).catch(() => {
          throw new CutConnection();
        });
      }
      const refused = registry.strike('error', fits);
      if (refused) {
        struck(refused.id);
        throw errorOf(refused, call);
      }
      const cut = registry.strike('cut-before', fits);
      if (cut) {
        struck(cut.id);
        throw new CutConnection();
      }
      const state = options.records.state(call.region);
      if (state) inconsistency.refuse(state, call, input, struck);
    },
    after(call, output, struck) {
      const cut = registry.strike('cut-after', (rule) => fitsCall(rule, call));
      if (cut) {
        struck(cut.id);
        throw new CutConnection();
      }
      const state = options.records.state(call.region);
      return state ? inconsistency.hide(state, call, output, struck) : output;
    },
  };
}

/** The error that a rule asks for; without a code what the service answers when it has failed itself. */
function errorOf(rule: FaultRule, { service }: CallFacts): CloudError {
  const code = rule.code ?? internalCodes[service] ?? 'InternalFailure';
  const status = rule.status ?? (rule.code === undefined ? 500 : usualStatus(rule.code));
  return new CloudError(code, rule.message ?? `An error of the local cloud's making (fault ${rule.id}).`, status);
}

/** What services say when they have failed themselves, where it is not `InternalFailure`. */
const internalCodes: Readonly<Record<string, string>> = {
  ec2: 'InternalError',
  s3: 'InternalError',
  ssm: 'InternalServerError',
  secretsmanager: 'InternalServiceError',
};

/** Status of a code that is given without one: as AWS answers the well-known ones. */
function usualStatus(code: string): number {
  if (/^Internal|^InsufficientInstanceCapacity$/.test(code)) return 500;
  if (/^(RequestLimitExceeded|Unavailable|ServiceUnavailable|SlowDown)$/.test(code)) return 503;
  if (/^(UnauthorizedOperation|AccessDenied|AuthFailure|ExpiredToken|InvalidClientTokenId)/.test(code)) return 403;
  return 400;
}
