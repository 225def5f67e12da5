import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@golden-pipeline/shared/clock';
import type { CloudState } from '../model.ts';
import { parseAuthorization } from '../wire/authorization.ts';
import { readBody } from '../wire/body.ts';
import { CloudError } from '../wire/handler.ts';
import type { RequestService } from '../wire/server.ts';
import { type Credentials, verifySignature } from '../wire/signature.ts';
import { type Quota, quotasOf } from './known.ts';

const target = /^ServiceQuotasV20190624\.(\w+)$/;
const bodyLimit = 64 * 1024;

export interface QuotasOptions {
  credentials: Credentials;
  regions: readonly string[];
  clock: Clock;
  /** The records of a region that may be signed for. */
  state: (region: string) => CloudState | undefined;
  /** Called when a quota has been raised. */
  changed: () => void;
  /** Resolves when what was changed will outlive this process: a raised quota is not confirmed before. */
  persist: () => Promise<void>;
  report: (error: unknown) => void;
}

type Operation = (input: Record<string, unknown>, state: CloudState) => object | Promise<object>;

/** Service Quotas, each region with its own, as far as the cloud has quotas (JSON 1.1). A request for more is granted at once. */
export function createQuotasService(options: QuotasOptions): RequestService {
  const { credentials, regions, clock, changed, persist, report } = options;
  const find = ({ ServiceCode, QuotaCode }: Record<string, unknown>, state: CloudState): Quota => {
    const found = quotasOf(state).find((one) => one.ServiceCode === ServiceCode && one.QuotaCode === QuotaCode);
    if (found) return found;
    throw new CloudError(
      'NoSuchResourceException',
      `The quota ${String(QuotaCode)} of ${String(ServiceCode)} does not exist.`,
    );
  };
  const operations: Record<string, Operation> = {
    GetServiceQuota: (input, state) => ({ Quota: find(input, state) }),
    ListServiceQuotas: ({ ServiceCode }, state) => ({
      Quotas: quotasOf(state).filter((one) => one.ServiceCode === ServiceCode),
    }),
    RequestServiceQuotaIncrease: async (input, state) => {
      const quota = find(input, state);
      const wanted = input.DesiredValue;
      if (typeof wanted !== 'number' || !Number.isFinite(wanted) || wanted <= quota.Value) {
        throw new CloudError('IllegalArgumentException', `DesiredValue must be more than ${quota.Value}.`);
      }
      const { ServiceCode, QuotaCode } = quota;
      state.quotas = { ...state.quotas, [QuotaCode]: wanted };
      changed();
      await persist();
      return { RequestedQuota: { Id: randomUUID(), ServiceCode, QuotaCode, DesiredValue: wanted, Status: 'APPROVED' } };
    },
  };

  const run = async (req: IncomingMessage, body: Uint8Array, operation: string, region = ''): Promise<object> => {
    const query = (req.url ?? '').split('?')[1] ?? '';
    const request = { method: req.method ?? '', query, headers: req.headersDistinct, body };
    verifySignature(request, credentials, regions, clock.now(), (service) => service === 'servicequotas');
    const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (!handler)
      throw new CloudError('UnknownOperationException', `The local cloud does not serve ${operation.slice(0, 100)}.`);
    const state = options.state(region);
    if (!state) throw new CloudError('InvalidSignatureException', `There is no region ${region.slice(0, 100)}.`, 403);
    return handler(readJson(body), state);
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
        send(res, 200, requestId, await run(req, body, operation, region));
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
