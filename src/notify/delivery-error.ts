/**
 * Why a notification was not delivered. `refused`: the target will refuse it the next time, too; `failed`: it is tried again;
 * `unavailable`: this computer cannot try, e.g. it lacks the token, and another one may.
 */
export class DeliveryError extends Error {
  readonly kind: 'refused' | 'failed' | 'unavailable';
  /** How long the target wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(kind: DeliveryError['kind'], message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'DeliveryError';
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
