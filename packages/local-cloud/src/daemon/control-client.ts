import { PipelineError } from '@golden-pipeline/shared/errors';
import type { CallQuery, CallReport } from '../calls/log.ts';
import type { FaultRequest, FaultRule, FaultView } from '../faults/rule.ts';
import type { CloudStatus } from './control.ts';

/** Where a cloud is and what opens it: a descriptor (`readCloud`), or a cloud of one's own process. */
export interface ControlTarget {
  endpoint: string;
  controlToken?: string;
}

/** Faults and calls of a running cloud. Everything rejects with a PipelineError in the cloud's own words. */
export interface ControlClient {
  status(): Promise<CloudStatus>;
  /** Switches a fault on. */
  addFault(request: FaultRequest): Promise<FaultRule>;
  faults(): Promise<FaultView[]>;
  /** Switches one fault off, or all; how many there were. */
  clearFaults(id?: string): Promise<number>;
  calls(query?: CallQuery): Promise<CallReport>;
  /** Forgets all calls, so that what comes next can be counted. */
  resetCalls(): Promise<void>;
}

const timeoutMs = 10_000;

/** Speaks to a cloud's control paths; needs nothing but Node. */
export function controlClient({ endpoint, controlToken = '' }: ControlTarget): ControlClient {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    let response: Response;
    try {
      response = await fetch(`${endpoint}/_local/${path}`, {
        method,
        headers: { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw new PipelineError('local.no-answer', `the local cloud at ${endpoint} does not answer`, {
        fix: 'start it: pipeline local up, or spawnCloud in a program',
        cause: error,
      });
    }
    const document = (await response.json().catch(() => ({}))) as { error?: Refusal };
    if (response.ok) return document as T;
    const { code = 'local.refused', message = `it answered ${response.status}`, fix } = document.error ?? {};
    throw new PipelineError(code, message, { fix, outcome: response.status === 400 ? 'usage' : 'failed' });
  };
  return {
    status: () => ask('GET', 'status'),
    addFault: async (request) => (await ask<{ fault: FaultRule }>('POST', 'faults', request)).fault,
    faults: async () => (await ask<{ faults: FaultView[] }>('GET', 'faults')).faults,
    clearFaults: async (id) => {
      const path = id === undefined ? 'faults' : `faults/${encodeURIComponent(id)}`;
      return (await ask<{ cleared: number }>('DELETE', path)).cleared;
    },
    calls: (query = {}) => {
      const given = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
      return ask('GET', `calls?${given}`);
    },
    resetCalls: async () => void (await ask('DELETE', 'calls')),
  };
}

interface Refusal {
  code?: string;
  message?: string;
  fix?: string;
}
