import type { Clock } from '@golden-pipeline/shared/clock';
import { usageError } from '@golden-pipeline/shared/errors';
import { checkFault } from './check.ts';
import { type FaultKind, kinds } from './kinds.ts';
import type { FaultRequest, FaultRule, FaultView } from './rule.ts';

/** Rules kept at most, spent ones included. */
const maximumRules = 200;

/** The faults that are switched on, and how often each has struck. Chance comes from `random`, so that tests can hold it. */
export class FaultRegistry {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #rules = new Map<string, FaultRule>();
  /** Rule, then subject: whether it was struck. A machine that is never healthy stays so. */
  readonly #verdicts = new Map<string, Map<string, boolean>>();
  #next = 1;

  /** @param options.random from 0 up to, not including, 1 */
  constructor(options: { clock: Clock; random?: () => number }) {
    this.#clock = options.clock;
    this.#random = options.random ?? Math.random;
  }

  /**
   * Switches a fault on.
   * @throws PipelineError (usage) for a request that is wrong, or one more than can be kept.
   */
  add(value: unknown): FaultRule {
    const request: FaultRequest = checkFault(value);
    this.#makeRoom();
    const since = this.#clock.now();
    const until = request.forMs === undefined ? undefined : since + request.forMs;
    const rule: FaultRule = { ...request, id: `f-${this.#next++}`, since, until, hits: 0 };
    this.#rules.set(rule.id, rule);
    return rule;
  }

  /** All rules, oldest first, also those whose time is over. */
  list(): FaultView[] {
    return [...this.#rules.values()].map((rule) => ({ ...rule, active: this.#inForce(rule) && !isSpent(rule) }));
  }

  /** Switches one fault off, or all; how many there were. */
  clear(id?: string): number {
    const ids = id === undefined ? [...this.#rules.keys()] : [id];
    return ids.filter((one) => {
      this.#verdicts.delete(one);
      return this.#rules.delete(one);
    }).length;
  }

  /** The rules of a kind whose time is not over, whether or not they may strike again. */
  inForce(kind: FaultKind): FaultRule[] {
    // Asked for every target at every poll.
    if (this.#rules.size === 0) return [];
    return [...this.#rules.values()].filter((rule) => rule.kind === kind && this.#inForce(rule));
  }

  /** The first rule of the kind that fits and strikes now; its count goes down by one. */
  strike(kind: FaultKind, fits: (rule: FaultRule) => boolean = () => true): FaultRule | undefined {
    return this.inForce(kind).find((rule) => !isSpent(rule) && fits(rule) && this.#chance(rule));
  }

  /** As {@link strike}, but chance decides once for each subject, and its decision stands for as long as the rule is in force. */
  strikeOnce(kind: FaultKind, subject: string, fits: (rule: FaultRule) => boolean = () => true): FaultRule | undefined {
    return this.inForce(kind).find((rule) => {
      if (!fits(rule)) return false;
      const verdicts = this.#verdicts.get(rule.id) ?? new Map<string, boolean>();
      this.#verdicts.set(rule.id, verdicts);
      const known = verdicts.get(subject);
      if (known !== undefined) return known;
      if (isSpent(rule)) return false;
      const struck = this.#chance(rule);
      verdicts.set(subject, struck);
      return struck;
    });
  }

  #chance(rule: FaultRule): boolean {
    if (rule.rate !== undefined && this.#random() >= rule.rate) return false;
    rule.hits++;
    return true;
  }

  #inForce(rule: FaultRule): boolean {
    return rule.until === undefined || this.#clock.now() < rule.until;
  }

  /** Rules whose time is over are dropped for new ones. */
  #makeRoom(): void {
    if (this.#rules.size < maximumRules) return;
    const ended = [...this.#rules.values()].find((rule) => isSpent(rule) || !this.#inForce(rule));
    if (!ended) throw usageError('fault.too-many', `there are ${maximumRules} faults already`, 'clear some first');
    this.clear(ended.id);
  }
}

function isSpent(rule: FaultRule): boolean {
  return rule.hits >= (kinds[rule.kind].once ? 1 : (rule.count ?? Number.POSITIVE_INFINITY));
}
