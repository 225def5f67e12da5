import type { AwsClients } from '../../../src/aws/clients.ts';
import type { Simulated } from '../../support/simulated.ts';

/** What goes wrong with one call of a run. */
export type CallFault =
  /** The change is made and its answer is lost; the SDK sends the call again. */
  | 'answer-lost'
  /** The same, for every attempt. */
  | 'all-answers-lost'
  /** Every attempt is cut off before anything is changed. */
  | 'cut-off'
  /** The service fails by itself at every attempt, and changes nothing. */
  | 'failed'
  /** The service refuses the call. */
  | 'refused'
  /** From this call on, every call is refused for half a minute because there are too many. */
  | 'throttled'
  /** From this call on, every call takes two seconds longer, for a minute. */
  | 'slow';

export const callFaults: readonly CallFault[] = [
  ...(['answer-lost', 'all-answers-lost', 'cut-off', 'failed', 'refused', 'throttled', 'slow'] as const),
];

/** Those that strike for a time, and not only the one call. */
const lasting: readonly CallFault[] = ['throttled', 'slow'];

/** A call that changes the cloud, of those that a run made. */
export interface ChangingCall {
  /** From 1, in the order in which they were sent. */
  number: number;
  operation: string;
}

/** Counts the calls of a world's clients that change the cloud, and lets one of them, or all, go wrong. */
export class NumberedCalls {
  #calls: ChangingCall[] = [];
  #struck: ChangingCall[] = [];
  #fault: CallFault | { number: number; fault: CallFault } | undefined;
  #before: { number: number; act: () => Promise<void> } | undefined;
  readonly #world: Simulated;

  constructor(world: Simulated) {
    this.#world = world;
    for (const client of Object.values(world.aws)) {
      (client.middlewareStack as AwsClients['ec2']['middlewareStack']).add(
        (next, { commandName = '' }) =>
          async (args) => {
            const operation = commandName.replace(/Command$/, '');
            if (/^(Describe|Get|List)/.test(operation)) return next(args);
            return this.#send(operation, () => next(args));
          },
        // Around what sends a call again after an outage, so that a fault strikes that, too.
        { step: 'initialize', name: 'numberedCalls', priority: 'high' },
      );
    }
  }

  /** Starts again at 1. @param fault What happens from then on: to the call of a number, or to all calls. */
  restart(fault?: CallFault | { number: number; fault: CallFault }): void {
    this.#world.cloud.faults.clear();
    this.#calls = [];
    this.#before = undefined;
    if (fault !== undefined) this.#struck = [];
    this.#fault = fault;
  }

  /** Does something just before the call of a number; the call waits for that. */
  before(number: number, act: () => Promise<void>): void {
    this.#before = { number, act };
  }

  /** The calls since the last start. */
  get calls(): readonly ChangingCall[] {
    return this.#calls;
  }

  /** The calls that went wrong since the last start with a fault. */
  get struck(): readonly ChangingCall[] {
    return this.#struck;
  }

  async #send<T>(operation: string, send: () => Promise<T>): Promise<T> {
    const call = { number: this.#calls.length + 1, operation };
    this.#calls.push(call);
    if (this.#before?.number === call.number) await this.#before.act();
    const fault = this.#fault;
    if (fault === undefined || (typeof fault === 'object' && fault.number !== call.number)) return send();
    this.#struck.push(call);
    const { faults } = this.#world.cloud;
    const what = typeof fault === 'object' ? fault.fault : fault;
    const { id } = faults.add({ ...(lasting.includes(what) ? {} : { operation }), ...ruleOf(what) });
    try {
      return await send();
    } finally {
      if (!lasting.includes(what)) faults.clear(id);
    }
  }
}

function ruleOf(fault: CallFault) {
  switch (fault) {
    case 'answer-lost':
      return { kind: 'cut-after', count: 1 } as const;
    case 'all-answers-lost':
      return { kind: 'cut-after' } as const;
    case 'cut-off':
      return { kind: 'cut-before' } as const;
    case 'failed':
      return { kind: 'error' } as const;
    case 'refused':
      return { kind: 'error', code: 'ValidationError', status: 400 } as const;
    case 'throttled':
      return { kind: 'throttle', capacity: 1, refill: 0.001, forMs: 30_000 } as const;
    case 'slow':
      return { kind: 'latency', delayMs: 2000, forMs: 60_000 } as const;
  }
}
