import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf } from '@golden-pipeline/shared/errors';
import { visible } from '@golden-pipeline/shared/text';
import { targetName } from '../config/notify-problems.ts';
import type { NotifyTarget } from '../config/schema/notify.ts';
import type { Fleet } from '../config/settings.ts';
import { readRemote } from '../hosts/git/remote.ts';
import type { Notification, OutboxRecord, Receipt } from '../ledger/notification.ts';
import { type Claimed, isUnreadable, type OnUnreadable, type Outbox } from '../ledger/outbox.ts';
import { instantOf, instantText } from '../shared/instant.ts';
import { createRedact } from '../shared/redact.ts';
import { DeliveryError } from './delivery-error.ts';
import { answerLimitMs, createHttp, type Http } from './http.ts';
import { attemptLimitMs, claimMs } from './limits.ts';
import { asOvertaken, overtakenIn } from './overtaken.ts';
import { previousOf, type ReadRecord, readerOf } from './previous.ts';
import { type ReadReference, resolveSettings } from './resolve-settings.ts';
import type { Target } from './target.ts';
import { targetOf } from './targets/index.ts';

/** After that a notification is not news any more, in milliseconds. */
export const deadAfterMs = 24 * 3_600_000;
/** First pause between two attempts, and the longest one, in milliseconds. */
const firstPauseMs = 10_000;
const longestPauseMs = 30 * 60_000;

/** So many failures after a success are tried again at once, before the rest of a target's notifications waits for the next time. */
const retriesAfterSuccess = 2;

/** Whose configuration has a target. */
export type ConfiguredFleet = Pick<Fleet, 'app' | 'environment' | 'source' | 'notify'>;

/** What delivers notifications. */
export interface Deliverer {
  clock: Clock;
  outbox: Outbox;
  /** Who delivers, for claims. */
  by: string;
  /** The fleet whose configuration has the target of a record; undefined where this project does not have it. Rejects when it has mistakes. */
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
  /** Ids of those that are being sent, for who waits for them. */
  sending?: Set<string>;
  /** Called for a record that cannot be read and is left out. */
  onUnreadable?: OnUnreadable;
}

/**
 * Delivers what is due: targets side by side, each target's own strictly in their order. So a target's queue stops at the first one that is
 * not due yet, claimed by another process, or has failed; one that is given up does not hold it up. A failure after a success is tried again
 * at once, so that a lost answer now and then does not stop a long queue. Never rejects because of a target or of a record; because of a
 * ledger that does not answer it does, when all queues have ended.
 */
export async function deliverDue(deliverer: Deliverer): Promise<void> {
  const waiting = await deliverer.outbox.waiting(deliverer.onUnreadable);
  const queues = new Map<string, OutboxRecord[]>();
  for (const record of waiting) {
    const key = `${record.configuredBy} ${record.target}`;
    queues.set(key, [...(queues.get(key) ?? []), record]);
  }
  // The caller closes the ledger: no queue may go on after that.
  const ended = await Promise.allSettled([...queues.values()].map((queue) => deliverQueue(deliverer, queue)));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

async function deliverQueue(deliverer: Deliverer, queue: readonly OutboxRecord[]): Promise<void> {
  const { outbox, signal } = deliverer;
  const read = readerOf(outbox, deliverer.onUnreadable);
  const others: Others = { read, isOvertaken: overtakenIn({ idsOf: outbox.idsOf, read }, queue) };
  /** Failures that are tried again at once. */
  let retries = 0;
  for (let index = 0; index < queue.length; ) {
    if (signal?.aborted) return;
    const { id } = (queue[index] as OutboxRecord).notification;
    const claim = await outbox.claim(id, { by: deliverer.by, ms: claimMs }).catch(unlessUnreadable);
    if (!claim) {
      if ((await read(id))?.state === 'waiting') return;
      index++;
      continue;
    }
    // Nothing is begun that the end of the process would cut off.
    if (signal?.aborted) return void (await claim.finish({}));
    const result = await deliverClaimed(deliverer, claim, others, retries > 0);
    if (result === 'stop') return;
    if (result === 'again') retries--;
    else index++;
    if (result === 'delivered') retries = retriesAfterSuccess;
  }
}

/** For a record that was damaged after it was found: it is reported when it is read. */
function unlessUnreadable(error: unknown): undefined {
  if (!isUnreadable(error)) throw error;
}

/** What is known of the other notifications of a target. */
interface Others {
  read: ReadRecord;
  isOvertaken(record: OutboxRecord): Promise<boolean>;
}

/** How one went: `ended` without being delivered; `again`: it failed, and is due at once; `stop`: the rest waits for it. */
type Result = 'delivered' | 'ended' | 'again' | 'stop';

/** Delivers one that this process has claimed, and writes how that went. */
async function deliverClaimed(
  deliverer: Deliverer,
  { record, finish }: Claimed,
  others: Others,
  mayRetry: boolean,
): Promise<Result> {
  const { clock, signal } = deliverer;
  const { id } = record.notification;
  const end = async (state: OutboxRecord['state'], facts: Partial<OutboxRecord> = {}): Promise<Result> => {
    const written = await finish({
      state,
      ...(state !== 'waiting' && { endedAt: instantText(clock.now()) }),
      ...facts,
    });
    if (!written || state === 'waiting') return 'stop';
    return state === 'delivered' ? 'delivered' : 'ended';
  };
  const plan = await planOf(deliverer, record, others).catch((error: unknown) => ({
    ...{ state: 'waiting' as const, facts: { reason: visible(messageOf(error)) } },
  }));
  if ('state' in plan) return end(plan.state, plan.facts);
  // Nothing may come between this and `sending`: who stops waits for what is in there, and cuts off the rest.
  if (signal?.aborted) return end('waiting');
  deliverer.sending?.add(id);
  try {
    const receipt = await attempt(deliverer, plan.fleet, plan.configured, plan.target, plan.notification, plan.before);
    return await end('delivered', { attempts: record.attempts + 1, reason: undefined, ...(receipt && { receipt }) });
  } catch (thrown) {
    if (!(thrown instanceof DeliveryError)) throw thrown;
    const { kind, message: reason, retryAfterMs } = thrown;
    if (kind === 'refused') return await end('failed', { attempts: record.attempts + 1, reason });
    const attempts = kind === 'unavailable' ? record.attempts : record.attempts + 1;
    const again = kind === 'failed' && mayRetry && retryAfterMs === undefined;
    const pause = again || kind === 'unavailable' ? 0 : (retryAfterMs ?? pauseAfter(attempts, deliverer.random));
    await finish({ state: 'waiting', attempts, reason, nextAt: instantText(clock.now() + pause) });
    return again ? 'again' : 'stop';
  } finally {
    deliverer.sending?.delete(id);
  }
}

/** What is to be sent and where, or, where nothing is, the state that this leaves it in. */
type Plan =
  | { fleet: ConfiguredFleet; configured: NotifyTarget; target: Target; notification: Notification; before?: Receipt }
  | { state: 'waiting' | 'failed' | 'superseded'; facts: Partial<OutboxRecord> };

async function planOf(deliverer: Deliverer, record: OutboxRecord, { read, isOvertaken }: Others): Promise<Plan> {
  const now = deliverer.clock.now();
  if (now - instantOf(record.recordedAt) > deadAfterMs) {
    const last = record.reason === undefined ? '' : `: ${record.reason}`;
    return { state: 'failed', facts: { reason: `not delivered within 24 h${last}` } };
  }
  const fleet = await deliverer.fleetOf(record);
  // Another project of the same ledger, perhaps an older clone of this one.
  if (!fleet) {
    return { state: 'waiting', facts: { reason: `${record.configuredBy} is not an app of the project here` } };
  }
  const configured = fleet.notify.targets.find((one) => targetName(one) === record.target);
  if (!configured) {
    return { state: 'failed', facts: { reason: `${record.configuredBy} has no target ${record.target} any more` } };
  }
  const target = (deliverer.targetOf ?? targetOf)(configured);
  const before = await previousOf(read, record.notification, target, record.target, now);
  if (before === 'superseded') {
    return { state: 'superseded', facts: { reason: 'the run had ended before this was delivered' } };
  }
  if (before === 'later') return { state: 'waiting', facts: { nextAt: instantText(now + firstPauseMs) } };
  const notification = (await isOvertaken(record)) ? asOvertaken(record.notification) : record.notification;
  return { fleet, configured, target, notification, ...(before && { before }) };
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

/** Twice as long each time, by a random share of up to half shorter: many processes do not come back at once. */
function pauseAfter(attempts: number, random: () => number = Math.random): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 20)) * (1 - random() / 2);
}
