import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';

/** Pauses between two probes of a service that cannot be reached, and between two reports, in milliseconds. */
const firstPauseMs = 1000;
const longestPauseMs = 10_000;
const reportMs = 30_000;

/** Why calls to a service fail as a whole: what is in `reason` is the last error. */
export interface Outage {
  kind: 'network' | 'service' | 'throttled' | 'credentials';
  reason: string;
}

/** A service as the connection sees it; each client is one. */
export interface RemoteService {
  /** The outage that an error shows; undefined for an answer, also for a refusal. */
  outageOf(error: unknown): Outage | undefined;
  /** Reads something cheap; undefined when the service answered, whatever it answered. */
  probe(): Promise<Outage | undefined>;
}

/** An event of the connection: `seconds` without one, `until` when it is waited for, in milliseconds since the epoch. */
export type ConnectionReport =
  | ({ code: 'connection.lost'; seconds: number; until: number } & Outage)
  | { code: 'connection.restored'; seconds: number };

/** The run that waits for the connection. */
export interface AttendingRun {
  /** Ends the waits that it is aborted in: Ctrl-C. What begins later, an undo say, waits again. */
  patience: AbortSignal;
  /** Once aborted, nothing waits any more: the loss of the lock. */
  lost: AbortSignal;
  /** Rejects when nothing may be changed any more; see {@link Connection.call}. */
  confirm(): Promise<void>;
  report(event: ConnectionReport): void;
}

/**
 * The connection of a run to its cloud. Calls that fail because nothing answers wait here until the service answers again, and are
 * then sent once more; concurrent calls share one wait. Without a run, calls fail at once.
 */
export class Connection {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #waits = new Map<RemoteService, Promise<boolean>>();
  #run: AttendingRun | undefined;
  #outage: { since: number; services: number; reported: number } | undefined;
  #pastMs = 0;
  #gaveUp = false;
  #abandoned = 0;

  /** @param limitMs How long one outage is waited for, in milliseconds (`release.timeouts.connection`). */
  constructor({ clock, limitMs }: { clock: Clock; limitMs: number }) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Lets calls wait from now on, for this run. @returns what ends that */
  attend(run: AttendingRun): () => void {
    const left = new AbortController();
    const attending = { ...run, lost: AbortSignal.any([run.lost, left.signal]) };
    this.#run = attending;
    this.#gaveUp = false;
    return () => {
      if (this.#run === attending) this.#run = undefined;
      left.abort();
    };
  }

  /** Milliseconds without a connection so far, which deadlines do not count. */
  get outageMs(): number {
    return this.#pastMs + (this.#outage ? this.#clock.now() - this.#outage.since : 0);
  }

  /** How many calls failed because there was no connection, and were not waited for any more. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** Resolves while the run may change something; without a run always. @throws as the run's `confirm` does */
  async confirm(): Promise<void> {
    await this.#run?.confirm();
  }

  /**
   * Makes a call, and makes it again after an outage. An error of a service that answers a cheap read is repeated once and then
   * rejects as it is: that is a failure of the call, not of the connection.
   * @param changes Whether the call changes something: then the run must confirm before each attempt that it still may.
   * @throws PipelineError `connection.lost` when the run stopped waiting
   */
  async call<T>(service: RemoteService, send: () => Promise<T>, { changes }: { changes: boolean }): Promise<T> {
    const began = this.#clock.now();
    for (let answered = 0; ; ) {
      const run = this.#run;
      if (changes) await this.confirm();
      const sent = this.#clock.now();
      try {
        return await send();
      } catch (error) {
        const outage = service.outageOf(error);
        if (!outage || !run) throw error;
        const waited = await this.#untilBack(service, run, sent, { outage, error });
        if (!waited && ++answered > 1) throw error;
        if (this.#clock.now() - began > 2 * this.#limitMs) throw error;
      }
    }
  }

  /** Resolves once the service answers: with false when it did so at once. */
  #untilBack(
    service: RemoteService,
    run: AttendingRun,
    since: number,
    failed: { outage: Outage; error: unknown },
  ): Promise<boolean> {
    const known = this.#waits.get(service);
    if (known) return known;
    const wait = this.#wait(service, run, since, failed).finally(() => this.#waits.delete(service));
    this.#waits.set(service, wait);
    return wait;
  }

  async #wait(
    service: RemoteService,
    run: AttendingRun,
    since: number,
    { outage: first, error }: { outage: Outage; error: unknown },
  ): Promise<boolean> {
    let begun = false;
    let last = first;
    const patience = run.patience.aborted ? run.lost : AbortSignal.any([run.patience, run.lost]);
    try {
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
        const outage = await unlessAborted(service.probe(), patience);
        if (!outage) return begun;
        last = outage;
        if (this.#gaveUp) throw this.#abandon(last, error);
        if (!begun) this.#begin(since);
        begun = true;
        const until = (this.#outage?.since ?? since) + this.#limitMs;
        const leftMs = until - this.#clock.now();
        if (leftMs <= 0) throw this.#abandon(last, error);
        this.#report(run, outage, until);
        await unlessAborted(this.#clock.sleep(Math.min(pauseMs, leftMs), patience), patience);
      }
    } catch (thrown) {
      throw thrown === patience.reason ? this.#abandon(last, error) : thrown;
    } finally {
      if (begun) this.#end(run);
    }
  }

  #begin(since: number): void {
    this.#outage ??= { since, services: 0, reported: Number.NEGATIVE_INFINITY };
    this.#outage.services++;
  }

  #end(run: AttendingRun): void {
    const outage = this.#outage;
    if (!outage || --outage.services > 0) return;
    const ms = this.#clock.now() - outage.since;
    this.#pastMs += ms;
    this.#outage = undefined;
    if (!this.#gaveUp) run.report({ code: 'connection.restored', seconds: Math.round(ms / 1000) });
  }

  #report(run: AttendingRun, { kind, reason }: Outage, until: number): void {
    const now = this.#clock.now();
    const outage = this.#outage;
    if (!outage || now - outage.reported < reportMs) return;
    outage.reported = now;
    run.report({ code: 'connection.lost', kind, reason, seconds: Math.round((now - outage.since) / 1000), until });
  }

  /** From now on no outage of this run is waited for: an undo of many steps must not wait for each of them. */
  #abandon({ kind, reason }: Outage, cause: unknown): PipelineError {
    this.#gaveUp = true;
    this.#abandoned++;
    return new PipelineError('connection.lost', `${causes[kind]}: ${reason}`, { fix: fixes[kind], cause });
  }
}

/** What an outage is, as an error says it. */
const causes: Record<Outage['kind'], string> = {
  network: 'no connection to AWS',
  service: 'AWS answers with internal errors',
  throttled: 'AWS throttles the calls of this account',
  credentials: 'the AWS credentials have expired',
};

const fixes: Record<Outage['kind'], string> = {
  network: 'check the network of this computer, and the endpoint',
  service: 'see https://health.aws.amazon.com, and try again later',
  throttled: 'end what makes so many calls, and try again later',
  credentials: 'log in again: aws sso login',
};

/** Resolves as the work does; rejects as soon as the signal is aborted, whatever becomes of the work. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    // Whoever loses the race rejects unheard.
    work.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}
