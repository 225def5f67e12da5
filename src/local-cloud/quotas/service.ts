import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/clock.ts';
import { parseAuthorization } from '../wire/authorization.ts';
import { readBody } from '../wire/body.ts';
import { CloudError } from '../wire/handler.ts';
import type { RequestService } from '../wire/server.ts';
import { type Credentials, verifySignature } from '../wire/signature.ts';

interface Quota {
  ServiceCode: string;
  QuotaCode: string;
  QuotaName: string;
  Value: number;
  Unit: string;
  Adjustable: boolean;
}

/**
 * What the account may use. The number is not AWS's default, which is 5 for a new account, but what a team has after it has asked:
 * enough for twice 350 machines of two vCPUs.
 */
const initial: Quota[] = [
  {
    ServiceCode: 'ec2',
    QuotaCode: 'L-1216C47A',
    QuotaName: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
    Value: 1920,
    Unit: 'None',
    Adjustable: true,
  },
];

const target = /^ServiceQuotasV20190624\.(\w+)$/;
const bodyLimit = 64 * 1024;

export interface QuotasOptions {
  credentials: Credentials;
  regions: readonly string[];
  clock: Clock;
  report: (error: unknown) => void;
}

/** Service Quotas as far as a check before a scale-out needs it (JSON 1.1). A request for more is granted at once; it lasts as long as the cloud runs. */
export function createQuotasService({ credentials, regions, clock, report }: QuotasOptions): RequestService {
  const quotas = initial.map((quota) => ({ ...quota }));
  const find = ({ ServiceCode, QuotaCode }: Record<string, unknown>): Quota => {
    const found = quotas.find((one) => one.ServiceCode === ServiceCode && one.QuotaCode === QuotaCode);
    if (found) return found;
    throw new CloudError(
      'NoSuchResourceException',
      `The quota ${String(QuotaCode)} of ${String(ServiceCode)} does not exist.`,
    );
  };
  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    GetServiceQuota: (input) => ({ Quota: find(input) }),
    ListServiceQuotas: ({ ServiceCode }) => ({ Quotas: quotas.filter((one) => one.ServiceCode === ServiceCode) }),
    RequestServiceQuotaIncrease: (input) => {
      const quota = find(input);
      const wanted = input.DesiredValue;
      if (typeof wanted !== 'number' || !Number.isFinite(wanted) || wanted <= quota.Value) {
        throw new CloudError('IllegalArgumentException', `DesiredValue must be more than ${quota.Value}.`);
      }
      quota.Value = wanted;
      const { ServiceCode, QuotaCode } = quota;
      return { RequestedQuota: { Id: randomUUID(), ServiceCode, QuotaCode, DesiredValue: wanted, Status: 'APPROVED' } };
    },
  };

  const run = (req: IncomingMessage, body: Uint8Array, operation: string): object => {
    const query = (req.url ?? '').split('?')[1] ?? '';
    const request = { method: req.method ?? '', query, headers: req.headersDistinct, body };
    verifySignature(request, credentials, regions, clock.now(), (service) => service === 'servicequotas');
    const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (!handler)
      throw new CloudError('UnknownOperationException', `The local cloud does not serve ${operation.slice(0, 100)}.`);
    return handler(readJson(body));
  };

  return {
    async answer(req, res) {
      const requestId = randomUUID();
      const named = req.headersDistinct['x-amz-target']?.[0] ?? '';
      const operation = target.exec(named)?.[1] ?? '';
      const { accessKeyId = '', region } = parseAuthorization(req.headers.authorization ?? '') ?? {};
      const record = { operation, service: 'servicequotas', accessKeyId, region, requestId };
      const body = await readBody(req, bodyLimit);
      if (body === undefined) return { ...record, status: 0, code: 'ConnectionCut' };
      try {
        if (body === 'too-large') throw new CloudError('RequestEntityTooLarge', 'The request body is too large.', 413);
        send(res, 200, requestId, run(req, body, operation));
        return { ...record, status: 200 };
      } catch (error) {
        if (!(error instanceof CloudError)) report(error);
        const { code, message, status } =
          error instanceof CloudError
            ? error
            : new CloudError('ServiceException', 'An internal error has occurred.', 500);
        send(res, status, requestId, { __type: code, message });
        return { ...record, status, code };
      }
    },
  };
}

function readJson(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8') || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new CloudError('SerializationException', 'The body is not a JSON object.');
}

function send(res: ServerResponse, status: number, requestId: string, document: object): void {
  const text = JSON.stringify(document);
  res
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'content-length': Buffer.byteLength(text),
      'x-amzn-requestid': requestId,
    })
    .end(text);
}
