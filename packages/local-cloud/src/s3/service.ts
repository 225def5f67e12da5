import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '@golden-pipeline/shared/clock';
import { account } from '../settings.ts';
import { parseAuthorization } from '../wire/authorization.ts';
import { type CallFaults, CloudError, CutConnection } from '../wire/handler.ts';
import type { RequestService } from '../wire/server.ts';
import type { Credentials } from '../wire/signature.ts';
import { type Buckets, openBuckets } from './buckets.ts';
import { permanentRedirect, S3Error } from './error.ts';
import { maximumObject } from './payload.ts';
import { headOf, readRequest } from './read-request.ts';
import type { S3Request } from './request.ts';
import type { S3Response } from './response.ts';
import { routeOf } from './routes.ts';
import { refusal, send } from './send.ts';
import { verifyHead } from './signature.ts';
import { Uploads } from './uploads.ts';

export interface S3Options {
  /** Where buckets are kept; made when the first request comes. One service at a time. */
  dir: string;
  credentials: Credentials;
  /** The regions that callers may sign for. */
  regions: readonly string[];
  /** The callers' time. */
  clock: Clock;
  /** What goes wrong on request. */
  faults?: CallFaults;
  /** A defect of ours, or damage on disk. */
  report: (error: unknown) => void;
}

/** How far an unwanted body is still read, so that its sender gets to see the refusal. */
const patience = 16 * maximumObject;

/** S3 of the local cloud: buckets and objects in files, as far as a ledger needs it. */
export function createS3Service(options: S3Options): RequestService {
  const { dir, credentials, regions, clock, faults, report } = options;
  const uploads = new Uploads();
  let opened: Promise<Buckets> | undefined;
  const buckets = () => {
    opened ??= openBuckets(dir, report).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  return {
    async answer(request, response) {
      const body = new RequestBody(request);
      const head = headOf(request);
      const ids = { request: randomBytes(8).toString('hex').toUpperCase(), host: randomBytes(24).toString('base64') };
      const { accessKeyId = '', region = '' } = parseAuthorization(head.headers.authorization?.[0] ?? '') ?? {};
      const userAgent = head.headers['user-agent']?.[0]?.slice(0, 200);
      const who = { service: 's3', accessKeyId, region, userAgent };
      const record = { ...who, operation: '', requestId: ids.request, status: 200 };
      const struck: string[] = [];
      let answer: S3Response;
      let code: string | undefined;
      try {
        const region = verifyHead(head, credentials, regions, clock.now());
        const asked = readRequest(head, region, body);
        const { name, operation } = routeOf(asked);
        record.operation = name;
        const context = { buckets: await buckets(), uploads, now: () => clock.now() };
        const site = { service: 's3', operation: name, region };
        await faults?.before(site, {}, (fault) => struck.push(fault));
        checkBucket(asked, name, context.buckets);
        answer = await operation(asked, context);
        await cutAfter(answer, () => faults?.after(site, undefined, (fault) => struck.push(fault)));
      } catch (error) {
        if (error instanceof CutConnection) {
          request.socket.destroy();
          return { ...record, status: 0, code: 'ConnectionCut', faults: struck };
        }
        // Whoever went away in the middle of a body gets no answer.
        const known = refusalOf(error) ?? (request.destroyed ? cutOff() : internal(error, report));
        code = known.code;
        answer = refusal(known, head.method, head.path, ids);
      }
      const read = await body.drain(patience);
      record.status = answer.status;
      response
        .setHeader('server', 'AmazonS3')
        .setHeader('x-amz-request-id', ids.request)
        .setHeader('x-amz-id-2', ids.host);
      if (!read) response.setHeader('connection', 'close');
      await send(response, head.method, answer);
      return {
        ...record,
        ...(code === undefined ? {} : { code }),
        ...(struck.length > 0 ? { faults: struck } : {}),
      };
    },
  };
}

/**
 * Refuses a request in another region than the bucket's, and one that expects another owner. CreateBucket passes in
 * any region: whether the bucket exists is its own matter.
 */
function checkBucket({ bucket, header, region }: S3Request, operation: string, buckets: Buckets): void {
  const facts = buckets.find(bucket);
  if (facts && facts.region !== region && operation !== 'CreateBucket') throw permanentRedirect(bucket, facts.region);
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']) {
    const owner = header(name) ?? account.id;
    if (!/^\d{12}$/.test(owner)) {
      const message = 'The value of the expected bucket owner parameter must be an AWS account ID.';
      throw new S3Error('InvalidBucketOwnerAWSAccountID', message, 400);
    }
    if (facts && owner !== account.id) throw new S3Error('AccessDenied', 'Access Denied', 403);
  }
}

/** A body that may be read in parts by several: leaving one reader's loop does not close the connection. */
class RequestBody implements AsyncIterable<Buffer> {
  readonly #iterator: AsyncIterator<Buffer>;

  constructor(request: IncomingMessage) {
    this.#iterator = request.iterator({ destroyOnReturn: false });
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return { next: () => this.#iterator.next() };
  }

  /** Reads and forgets what is left; false when that is more than `limit` bytes or the sender is gone. */
  async drain(limit: number): Promise<boolean> {
    try {
      let size = 0;
      for await (const chunk of this) {
        size += chunk.length;
        if (size > limit) return false;
      }
      return true;
    } catch {
      return false;
    }
  }
}

/** An answer that is not sent still holds its file open. */
async function cutAfter({ body }: S3Response, after: () => void): Promise<void> {
  try {
    after();
  } catch (error) {
    if (typeof body === 'object') await body.close();
    throw error;
  }
}

/** Refusals of our own and of faults; undefined for a defect. */
function refusalOf(error: unknown): S3Error | undefined {
  if (error instanceof CloudError) return new S3Error(error.code, error.message, error.status);
  return error instanceof S3Error ? error : undefined;
}

function cutOff(): S3Error {
  const message = 'Your socket connection to the server was not read from or written to within the timeout period.';
  return new S3Error('RequestTimeout', message, 400);
}

function internal(error: unknown, report: (error: unknown) => void): S3Error {
  report(error);
  return new S3Error('InternalError', 'An internal error has occurred; the local cloud has it in its log.', 500);
}
