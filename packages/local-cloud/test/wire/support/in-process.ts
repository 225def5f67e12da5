import { Readable } from 'node:stream';
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { HttpResponse } from '@smithy/core/protocols';
import type { Responder } from '../../../src/wire/respond.ts';

/** An HTTP request as the SDK's clients hand it over. */
interface ClientRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** A request handler for SDK clients that asks the responder directly, without a socket. */
export function inProcess(respond: Responder): NonNullable<AutoScalingClient['config']['requestHandler']> {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: ClientRequest) {
      const {
        status,
        requestId,
        document,
        headers: said,
      } = await respond({
        method: request.method,
        path: request.path,
        query: '',
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), [value]]),
        ),
        body: Buffer.from(request.body ?? ''),
      });
      const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId, ...said };
      return {
        response: new HttpResponse({ statusCode: status, headers, body: Readable.from([Buffer.from(document)]) }),
      };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  } as never;
}
