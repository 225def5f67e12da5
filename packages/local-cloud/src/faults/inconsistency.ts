import type { Clock } from '@golden-pipeline/shared/clock';
import type { CloudState } from '../model.ts';
import { askedFor, type Document, type Kind, kinds } from './eventual-consistency.ts';
import type { CallFacts } from './match.ts';
import type { FaultRegistry } from './registry.ts';

type Struck = (rule: string) => void;

/** Calls that do not know yet what was made a moment ago, as EC2's now and then. */
export class Inconsistency {
  readonly #registry: FaultRegistry;
  readonly #clock: Clock;

  constructor(registry: FaultRegistry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** @throws CloudError `...NotFound` for a call that names something too new, whether it reads or changes. */
  refuse(state: CloudState, call: CallFacts, input: unknown, struck: Struck): void {
    if (!this.#strikes(call)) return;
    for (const kind of kinds) {
      const hidden = askedFor(kind, state, call.operation, input).flatMap((id) => {
        const rule = this.#hider(kind, state, call, id);
        return rule === undefined ? [] : [{ id, rule }];
      });
      if (hidden.length === 0) continue;
      for (const rule of new Set(hidden.map((one) => one.rule))) struck(rule);
      throw kind.notFound(hidden.map(({ id }) => id));
    }
  }

  /** The answer without what is too new. */
  hide(state: CloudState, call: CallFacts, output: unknown, struck: Struck): unknown {
    if (!this.#strikes(call)) return output;
    const kind = kinds.find(({ lists }) => Object.hasOwn(lists, call.operation));
    const listing = kind?.lists[call.operation];
    if (!kind || !listing) return output;
    const list = (output as Document | undefined)?.[listing.field];
    if (!Array.isArray(list)) return output;
    const seen = (item: Document): boolean => {
      const rule = this.#hider(kind, state, call, String(item[listing.id]));
      if (rule) struck(rule);
      return rule === undefined;
    };
    const { inner } = listing;
    const kept =
      inner === undefined
        ? (list as Document[]).filter(seen)
        : (list as Document[])
            .map((item) => ({ ...item, [inner]: (item[inner] as Document[]).filter(seen) }))
            .filter((item) => (item[inner] as unknown as Document[]).length > 0);
    return { ...(output as Document), [listing.field]: kept };
  }

  #strikes({ service }: CallFacts): boolean {
    return service === 'ec2' && this.#registry.inForce('eventual-consistency').length > 0;
  }

  /** The rule that hides the thing now. */
  #hider(kind: Kind, state: CloudState, call: CallFacts, id: string): string | undefined {
    const madeAt = kind.madeAt(state, id);
    if (madeAt === undefined) return undefined;
    const rule = this.#registry.strikeOnce('eventual-consistency', id, ({ since, delayMs = 0, region }) => {
      if (region !== undefined && region !== call.region) return false;
      return madeAt >= since && this.#clock.now() < madeAt + delayMs;
    });
    return rule?.id;
  }
}
