import { matchesName } from '../faults/match.ts';
import type { CallRecord } from './record.ts';

/** Which calls are meant. */
export interface CallQuery {
  /** Name of the operation, `*` standing for any characters. */
  operation?: string;
  service?: string;
  /** Error code of the answer. */
  code?: string;
  /** Not before this time, in milliseconds since the epoch. */
  since?: number;
  /** The newest so many; 1,000 by default. */
  limit?: number;
}

/** How often an operation was called since the start (or the last reset), and what was answered. */
export interface CallTotal {
  service: string;
  operation: string;
  calls: number;
  /** Calls refused, failed or cut off. */
  failed: number;
  /** Of those, how often each code. */
  codes: Record<string, number>;
}

export interface CallReport {
  /** Oldest first. */
  calls: CallRecord[];
  /** By service and operation; of every call that was ever made, whatever its age. */
  totals: CallTotal[];
  /** Calls that are counted in the totals but no longer kept. */
  forgotten: number;
}

/** The calls of a cloud in this process. */
export interface CallHistory {
  /** Calls since the start or the last reset. */
  readonly count: number;
  /** Calls that are still kept, and the number of all. */
  report(query?: CallQuery): CallReport;
  /** How often an operation was called. */
  total(operation: string): number;
  /** Forgets all, so that what comes next can be counted. */
  reset(): void;
}

/** Names of operations kept at most: callers may invent them. */
const maximumNames = 1_000;

/** The record of calls: the last ones in full, all of them in numbers. */
export class CallLog implements CallHistory {
  readonly #capacity: number;
  readonly #ring: CallRecord[] = [];
  /** Where the next record goes, once the ring is full. */
  #next = 0;
  #count = 0;
  #totals = new Map<string, CallTotal>();

  /** @param capacity calls kept in full */
  constructor(capacity = 10_000) {
    this.#capacity = capacity;
  }

  /** Calls since the start or the last reset. */
  get count(): number {
    return this.#count;
  }

  add(call: CallRecord): void {
    const record = { ...call, operation: copy(call.operation), service: copy(call.service) };
    this.#count++;
    this.#ring[this.#next] = record;
    this.#next = (this.#next + 1) % this.#capacity;
    const total = this.#total(record);
    total.calls++;
    if (record.code === undefined) return;
    total.failed++;
    const known = Object.keys(total.codes).length < 100 || Object.hasOwn(total.codes, record.code);
    if (known) total.codes[record.code] = (total.codes[record.code] ?? 0) + 1;
  }

  /** What was called, of the calls that are still kept and in numbers. */
  report(query: CallQuery = {}): CallReport {
    const { since = 0, code, limit = 1_000 } = query;
    const named = ({ service, operation }: { service: string; operation: string }) =>
      (query.service ?? service) === service &&
      (query.operation === undefined || matchesName(query.operation, operation));
    const kept = this.#inOrder().filter(
      (one) => named(one) && one.at >= since && (code === undefined || code === one.code),
    );
    return {
      calls: limit > 0 ? kept.slice(-limit) : [],
      totals: [...this.#totals.values()].filter(named).map((total) => structuredClone(total)),
      forgotten: this.#count - this.#ring.length,
    };
  }

  /** How often an operation was called. */
  total(operation: string): number {
    return this.report({ operation, limit: 0 }).totals.reduce((sum, { calls }) => sum + calls, 0);
  }

  /** Forgets all, so that what comes next can be counted. */
  reset(): void {
    this.#ring.length = 0;
    this.#next = 0;
    this.#count = 0;
    this.#totals = new Map();
  }

  #inOrder(): CallRecord[] {
    const start = this.#ring.length < this.#capacity ? 0 : this.#next;
    return [...this.#ring.slice(start), ...this.#ring.slice(0, start)];
  }

  #total({ service, operation }: CallRecord): CallTotal {
    const key = `${service} ${operation}`;
    const known = this.#totals.get(key);
    if (known) return known;
    const crowded = this.#totals.size >= maximumNames;
    const name = crowded ? { service: '', operation: '' } : { service, operation };
    const total = (crowded && this.#totals.get(' ')) || { ...name, calls: 0, failed: 0, codes: {} };
    this.#totals.set(crowded ? ' ' : key, total);
    return total;
  }
}

/** A short text of its own: a part of a request's body would keep the whole body in memory. */
function copy(text: string): string {
  return Buffer.from(text.slice(0, 200)).toString();
}
