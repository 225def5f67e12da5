import { Call, type WireAnswer, type WireRequest } from './call.ts';
import type { ServiceName } from './operations.ts';
import type { ResponderOptions } from './responder-options.ts';
import { serviceShapes } from './shapes.ts';

/** Answers one request; never throws and never rejects. */
export type Responder = (request: WireRequest) => Promise<WireAnswer>;

/**
 * Builds the way from a signed request to its document, without the HTTP server round it.
 * @throws Error when a table holds an operation whose shapes were not extracted (see operations.ts).
 */
export function createResponder(options: ResponderOptions): Responder {
  const { clock, report } = options;
  checkTables(options.tables);
  return async (request) => {
    const at = clock.now();
    const call = new Call(request, options);
    const { status, document, headers, code, cut } = await call.answer();
    const { operation, service, accessKeyId, requestId, region } = call;
    const userAgent = request.headers['user-agent']?.[0]?.slice(0, 200);
    const faults = call.faults.length > 0 ? call.faults : undefined;
    const ms = clock.now() - at;
    const who = { accessKeyId, region, userAgent };
    try {
      options.onCall?.({ operation, service, ...who, at, ms, status, code, requestId, faults });
    } catch (error) {
      report(error);
    }
    return { status, requestId, document, headers, cut };
  };
}

function checkTables(tables: ResponderOptions['tables']): void {
  for (const [service, table] of Object.entries(tables)) {
    const missing = Object.keys(table).filter((name) => !serviceShapes[service as ServiceName].operation(name));
    if (missing.length > 0)
      throw new Error(`no shapes for ${service} ${missing.join(', ')}: add them to wire/operations.ts`);
  }
}
