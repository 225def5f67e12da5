import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf } from '@golden-pipeline/shared/errors';
import { visible } from '@golden-pipeline/shared/text';
import { targetName } from '../config/notify-problems.ts';
import type { NotifyTarget } from '../config/schema/notify.ts';
import type { Fleet } from '../config/settings.ts';
import { readRemote } from '../hosts/git/remote.ts';
import type { Notification, OutboxRecord, Receipt } from '../ledger/notification.ts';
import type { Claimed, Outbox } from '../ledger/outbox.ts';
import { instantOf, instantText } from '../shared/instant.ts';
import { createRedact } from '../shared/redact.ts';
import { DeliveryError } from './delivery-error.ts';
import { answerLimitMs, createHttp, type Http } from './http.ts';
import { startOf } from './notifications.ts';
import { type ReadReference, resolveSettings } from './resolve-settings.ts';
import type { Target } from './target.ts';
import { targetOf } from './targets/index.ts';

/** How long a process keeps others from delivering what it delivers, in milliseconds: twice that of one delivery, for the ledger's own requests. */
export const claimMs = 60_000;
/** How long one delivery may take, with its tokens and all its requests, in milliseconds. */
export const attemptLimitMs = claimMs / 2;
/** After that a notification is not news any more, in milliseconds. */
export const deadAfterMs = 24 * 3_600_000;
/** First pause between two attempts, and the longest one, in milliseconds. */
const firstPauseMs = 10_000;
const longestPauseMs = 30 * 60_000;

/** After so many failures, one after the other, the rest of a target's notifications waits for the next time. */
const consecutiveFailures = 3;

/** Whose configuration has a target. */
export type ConfiguredFleet = Pick<Fleet, 'app' | 'environment' | 'source' | 'notify'>;

/** What delivers notifications. */
export interface Deliverer {
  clock: Clock;
  outbox: Outbox;
  /** Who delivers, for claims. */
  by: string;
  /** The fleet whose configuration has the target of a record; undefined where this project does not have it. */
  fleetOf(record: Pick<OutboxRecord, 'configuredBy' | 'notification'>): Promise<ConfiguredFleet | undefined>;
  readReference: ReadReference;
  /** From 0 to below 1, for the jitter of pauses. */
  random?: () => number;
  http?: Http;
  /** How long a target may take to answer, in milliseconds. */
  timeoutMs?: number;
  targetOf?: (settings: NotifyTarget) => Target;
  /** Once aborted, nothing more is begun. */
  signal?: AbortSignal;
}

/**
 * Delivers what is due, targets side by side, each target's own in their order. A target that fails three times, one after the other, is left alone
 * until the next time. Never rejects because of a target.
 */
export async function deliverDue(deliverer: Deliverer): Promise<void> {
  const waiting = await deliverer.outbox.waiting();
  const queues = new Map<string, OutboxRecord[]>();
  for (const record of waiting) {
    const key = `${record.configuredBy} ${record.target}`;
    queues.set(key, [...(queues.get(key) ?? []), record]);
  }
  await Promise.all(
    [...queues.values()].map(async (records) => {
      let failures = 0;
      for (const record of records) {
        if (deliverer.signal?.aborted || failures >= consecutiveFailures) return;
        const claim = await deliverer.outbox.claim(record.notification.id, { by: deliverer.by, ms: claimMs });
        if (claim) failures = (await deliverClaimed(deliverer, claim)) ? 0 : failures + 1;
      }
    }),
  );
}

/** Delivers one that this process has claimed, and writes how that went. @returns false when it has failed and is tried again */
async function deliverClaimed(deliverer: Deliverer, { record, finish }: Claimed): Promise<boolean> {
  const { clock, outbox } = deliverer;
  const end = (state: OutboxRecord['state'], facts: Partial<OutboxRecord> = {}) =>
    finish({ state, endedAt: instantText(clock.now()), ...facts });
  const age = clock.now() - instantOf(record.recordedAt);
  if (age > deadAfterMs) {
    await end('failed', {
      reason: `not delivered within 24 h${record.reason === undefined ? '' : `: ${record.reason}`}`,
    });
    return true;
  }
  const fleet = await deliverer.fleetOf(record);
  // Another project of the same ledger, perhaps an older clone of this one.
  if (!fleet) {
    await finish({ state: 'waiting', reason: `${record.configuredBy} is not an app of the project here` });
    return true;
  }
  const configured = fleet.notify.targets.find((one) => targetName(one) === record.target);
  if (!configured) {
    await end('failed', { reason: `${record.configuredBy} has no target ${record.target} any more` });
    return true;
  }
  const target = (deliverer.targetOf ?? targetOf)(configured);
  const before = await previousOf(outbox, record.notification, target, record.target, clock.now());
  if (before === 'superseded') {
    await end('superseded', { reason: 'the run had ended before this was delivered' });
    return true;
  }
  if (before === 'later') {
    await finish({ state: 'waiting', nextAt: instantText(clock.now() + firstPauseMs) });
    return true;
  }
  try {
    const receipt = await attempt(deliverer, fleet, configured, target, record.notification, before);
    await end('delivered', { attempts: record.attempts + 1, reason: undefined, ...(receipt && { receipt }) });
    return true;
  } catch (thrown) {
    const { kind, message: reason, retryAfterMs } = thrown as DeliveryError;
    if (kind === 'refused') {
      await end('failed', { attempts: record.attempts + 1, reason });
      return true;
    }
    const attempts = kind === 'unavailable' ? record.attempts : record.attempts + 1;
    const pause = kind === 'unavailable' ? 0 : (retryAfterMs ?? pauseAfter(attempts, deliverer.random));
    await finish({ state: 'waiting', attempts, reason, nextAt: instantText(clock.now() + pause) });
    return false;
  }
}

/**
 * Delivers a notification now, without the outbox: to try a target.
 * @throws DeliveryError with a message that has no secret in it
 */
export async function attempt(
  {
    clock,
    readReference,
    http,
    timeoutMs = answerLimitMs,
  }: Pick<Deliverer, 'clock' | 'readReference' | 'http' | 'timeoutMs'>,
  fleet: ConfiguredFleet,
  configured: NotifyTarget,
  target: Target,
  notification: Notification,
  previous: Receipt | undefined,
): Promise<Receipt | undefined> {
  let secrets: string[] = [];
  const limit = new AbortController();
  const { signal } = limit;
  const work = async () => {
    const resolved = await resolveSettings(configured, readReference);
    secrets = resolved.secrets;
    signal.throwIfAborted();
    return target.deliver(notification, previous, {
      settings: resolved.settings,
      http: http ?? createHttp({ now: () => clock.now(), timeoutMs, signal }),
      remote: () => readRemote(fleet.source.repository),
      ...{ timeoutMs, signal },
    });
  };
  const late = new DeliveryError('failed', `not delivered within ${attemptLimitMs / 1000} s`);
  const reached = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(late), { once: true }),
  );
  const timer = clock.after(attemptLimitMs, () => limit.abort(late));
  try {
    return await Promise.race([work(), reached]);
  } catch (error) {
    const { kind = 'failed', retryAfterMs } = error as Partial<DeliveryError>;
    const message = hide(visible(messageOf(error)), secrets);
    throw new DeliveryError(error instanceof DeliveryError ? kind : 'failed', message, retryAfterMs);
  } finally {
    timer.cancel();
  }
}

/** Removes secrets wherever they stand, also as a part of an address, which may be a secret as a whole. */
function hide(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), ...pathOf(secret)]);
  return createRedact(parts)(text);
}

function pathOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [];
  const { pathname, search, searchParams } = new URL(secret);
  // Words of the address that are no secret, such as `services`, stay.
  const segments = pathname.split('/').filter((part) => part.length >= 8 && /[0-9A-Z]/.test(part));
  return [`${pathname}${search}`, pathname.slice(1), ...segments, ...searchParams.values()];
}

/** What the start of the same run was answered; `later` while that is being delivered; `superseded` for a start whose run has ended. */
async function previousOf(
  outbox: Outbox,
  { id, occasion }: Notification,
  { updates = false }: Target,
  target: string,
  now: number,
): Promise<Receipt | undefined | 'later' | 'superseded'> {
  if (occasion === 'test') return undefined;
  if (occasion === 'started') return updates && (await hasEnded(outbox, id, target)) ? 'superseded' : undefined;
  const start = await outbox.get(startOf(id, target));
  if (start?.state === 'delivered') return start.receipt;
  if (!updates || start?.state !== 'waiting') return undefined;
  return start.claim !== undefined && instantOf(start.claim.until) > now ? 'later' : undefined;
}

async function hasEnded(outbox: Outbox, id: string, target: string): Promise<boolean> {
  const ends = ['released', 'rolled-back', 'failed', 'scale'] as const;
  const found = await Promise.all(ends.map((end) => outbox.get(startOf(id, target, end))));
  return found.some((one) => one !== undefined);
}

/** Twice as long each time, by a random share of up to half shorter: many processes do not come back at once. */
function pauseAfter(attempts: number, random: () => number = Math.random): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 20)) * (1 - random() / 2);
}
