import type { NotifyEvent, NotifyTarget } from '../config/schema/notify.ts';
import type { Notification, Receipt } from '../ledger/notification.ts';
import type { Http } from './http.ts';

/** What a target works with. */
export interface DeliveryTools<Settings> {
  /** As configured, with the values of references in their place. */
  settings: Settings;
  http: Http;
  /** The remote of the app's repository, as git names it; undefined without one. */
  remote(): Promise<string | undefined>;
  /** How long a connection may take to answer, in milliseconds. */
  timeoutMs: number;
  /** Aborted at the end of the time for all of the delivery: every connection is closed, as another process may deliver it then. */
  signal: AbortSignal;
}

/** A kind of target: a chat, a service, a mail server. */
export interface Target<Settings extends NotifyTarget = NotifyTarget> {
  readonly to: Settings['to'];
  /** What it is notified of unless `events` says so. */
  events(settings: Settings): readonly NotifyEvent[];
  /** A run has one message there, which the end of the run changes: once it has ended, a start that was not delivered is left out. */
  readonly updates?: boolean;
  /**
   * Delivers a notification.
   * @param previous What the target has answered to the start of the same run, if that was delivered.
   * @returns what the next notification of the run needs
   * @throws DeliveryError; anything else counts as a failure that is tried again
   */
  deliver(
    notification: Notification,
    previous: Receipt | undefined,
    tools: DeliveryTools<Settings>,
  ): Promise<Receipt | undefined>;
}
