import type { Clock } from '@golden-pipeline/shared/clock';
import { metadataOptionsOf } from '../ec2/instances/shape.ts';
import type { IamStore } from '../iam/store.ts';
import type { MetadataAnswer, MetadataRequest } from '../machines/driver.ts';
import type { InstanceRecord } from '../model.ts';
import type { Sessions } from '../sts/sessions.ts';
import { instanceTree, type Place } from './instance-tree.ts';
import { RoleCredentials } from './role-credentials.ts';
import { MetadataTokens } from './tokens.ts';
import { readTree } from './tree.ts';

const ttlHeader = 'x-aws-ec2-metadata-token-ttl-seconds';
/** Six hours. */
const longestTtl = 21_600;

/** The instance metadata service, in both versions, without the wire. */
export class MetadataService {
  readonly #clock: Clock;
  readonly #credentials: RoleCredentials;
  readonly #tokens = new MetadataTokens();

  /** @param options.clock the time of the machines, which is the host's */
  constructor({ iam, sessions, clock }: { iam: IamStore; sessions: Sessions; clock: Clock }) {
    this.#clock = clock;
    this.#credentials = new RoleCredentials(iam, sessions);
  }

  /** Answers a request that the machine of this instance has made. */
  answer(record: InstanceRecord, place: Place, request: MetadataRequest): MetadataAnswer {
    const { HttpEndpoint, HttpTokens } = metadataOptionsOf(record);
    if (HttpEndpoint === 'disabled') return refusal(403);
    const path = request.path.split('?')[0] ?? '';
    if (request.method === 'PUT') return this.#token(record, path, request);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
    const now = this.#clock.now();
    const token = request.headers['x-aws-ec2-metadata-token'];
    if (token === undefined ? HttpTokens === 'required' : !this.#tokens.isGood(record.id, token, now)) {
      return refusal(401);
    }
    // Every dated version is the latest one here.
    const [, version = '', rest = ''] = /^\/+([^/]*)(.*)$/.exec(path) ?? [];
    if (version === '') return text('latest');
    if (version !== 'latest' && !/^\d{4}-\d\d-\d\d$/.test(version) && version !== '1.0') return refusal(404);
    const found = readTree(instanceTree(record, place, this.#credentials.tree(record, now)), rest);
    return found === undefined ? refusal(404) : text(found);
  }

  /** Such a request that was forwarded comes from outside of the instance, by a proxy that was not meant to. */
  #token(record: InstanceRecord, path: string, { headers }: MetadataRequest): MetadataAnswer {
    if (headers['x-forwarded-for'] !== undefined) return refusal(403);
    if (path !== '/latest/api/token') return refusal(405);
    const ttl = Number(headers[ttlHeader]);
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > longestTtl) return refusal(400);
    const token = this.#tokens.issue(record.id, this.#clock.now() + ttl * 1000);
    return { ...text(token), headers: { [ttlHeader]: String(ttl) } };
  }
}

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
};

function text(body: string): MetadataAnswer {
  return { status: 200, body };
}

function refusal(status: number): MetadataAnswer {
  return { status, body: `${status} ${reasons[status]}\n` };
}
