import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import { messageOf } from '@golden-pipeline/shared/errors';
import type { VersionNames } from '../fleet/facts.ts';
import type { Probe } from '../hosts/probe.ts';
import { type Asked, evaluate } from './answers.ts';
import type { Sample } from './types.ts';

/** Milliseconds after which a request counts as failed. */
const timeoutMs = 5000;

/** Requests in progress at most: a fleet that hangs is not given more and more of them. */
const mostPending = 20;

/** Characters that are kept of a wrong answer. */
const keptBody = 1000;

export interface ProberOptions {
  clock: Clock;
  probe: Probe;
  url: string;
  asked: readonly Asked[];
  headers: Record<string, string>;
  perSecond: number;
  /** Versions that may answer. */
  versions: readonly VersionNames[];
  versionHeader?: string;
  take(sample: Sample): void;
}

/** Asks each path in turn, so many times a second and never more, until it is stopped. */
export class Prober {
  readonly #options: ProberOptions;
  #timer: Timer | undefined;
  #turn = 0;
  #pending = 0;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#tick();
  }

  /** Answers that come later are dropped. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #tick(): void {
    if (this.#stopped) return;
    const { clock, asked, perSecond } = this.#options;
    this.#timer = clock.after(1000 / perSecond, () => this.#tick());
    const next = asked[this.#turn % asked.length];
    if (!next || this.#pending >= mostPending) return;
    this.#turn++;
    void this.#ask(next);
  }

  async #ask(asked: Asked): Promise<void> {
    const { probe, url, headers, clock, versions, versionHeader, take } = this.#options;
    this.#pending++;
    let sample: Pick<Sample, 'ms' | 'version' | 'fault' | 'answer'>;
    try {
      const answer = await probe(`${url}${asked.path}`, { timeoutMs, headers });
      const found = evaluate(asked, answer, versions, versionHeader);
      const { status, body } = answer;
      sample = {
        ms: answer.ms,
        ...found,
        ...(found.fault !== undefined && { answer: { status, body: body.slice(0, keptBody) } }),
      };
    } catch (error) {
      sample = { ms: timeoutMs, fault: `gave no answer: ${messageOf(error)}` };
    }
    this.#pending--;
    if (!this.#stopped) take({ path: asked.path, at: clock.now(), ...sample });
  }
}
