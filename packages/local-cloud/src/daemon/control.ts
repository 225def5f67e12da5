import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { CallLog, CallQuery } from '../calls/log.ts';
import type { Faults } from '../faults/faults.ts';
import type { FaultView } from '../faults/rule.ts';
import type { CloudState } from '../model.ts';
import { readBody } from '../wire/body.ts';

/** What `/_local/status` answers. */
export interface CloudStatus {
  endpoint: string;
  region: string;
  block: number;
  driver: 'sandbox' | 'simulated';
  /** Milliseconds of real time since the cloud began to start, and how long that took. */
  upMs: number;
  readyMs: number;
  /** Calls answered so far. */
  calls: number;
  counts: Record<string, number>;
  machines: { id: string; state: string; address: string; zone: string; imageId: string; group?: string }[];
  /** Faults that are switched on, or were until their time was over. */
  faults: FaultView[];
}

/** Numbers and machines of a cloud, all its regions together. */
export function countState(states: CloudState[]): Pick<CloudStatus, 'counts' | 'machines'> {
  const live = states.flatMap((one) => Object.values(one.instances)).filter((i) => i.state !== 'terminated');
  const images = states.flatMap((one) => Object.values(one.images)).filter((i) => i.state !== 'deregistered');
  const count = (table: 'launchTemplates' | 'groups' | 'targetGroups' | 'loadBalancers') =>
    states.reduce((sum, one) => sum + Object.keys(one[table]).length, 0);
  return {
    counts: {
      instances: live.length,
      images: images.length,
      launchTemplates: count('launchTemplates'),
      groups: count('groups'),
      targetGroups: count('targetGroups'),
      loadBalancers: count('loadBalancers'),
    },
    machines: live.map((i) => ({
      id: i.id,
      state: i.state,
      address: i.address,
      zone: i.availabilityZone,
      imageId: i.imageId,
      group: i.tags['aws:autoscaling:groupName'],
    })),
  };
}

export interface ControlOptions {
  status: () => CloudStatus;
  faults: Pick<Faults, 'add' | 'list' | 'clear'>;
  calls: Pick<CallLog, 'report' | 'reset'>;
  /** What `authorization: Bearer` must hold for everything but the status. */
  token: string;
}

interface Asked {
  request: IncomingMessage;
  /** The part of the path behind the resource, if any. */
  id?: string;
  query: URLSearchParams;
}

type Answer = { status: number; document: unknown };

const bodyLimit = 64 * 1024;

/** Answers the paths under `/_local/`; false for those it does not know. */
export function controlPaths(options: ControlOptions) {
  const routes = routesOf(options);
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> => {
    const [, , name = '', id, ...more] = path.split('/');
    const methods = Object.hasOwn(routes, name) && more.length === 0 ? routes[name] : undefined;
    if (!methods || (id !== undefined && name !== 'faults')) return false;
    const { status, document } = await answer(options, methods, request, id).catch(refusalOf);
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    const allow = status === 405 ? { allow: Object.keys(methods).join(', ') } : {};
    const text = request.method === 'HEAD' ? undefined : JSON.stringify(document);
    response.writeHead(status, { ...headers, ...allow }).end(text);
    return true;
  };
}

type Methods = Readonly<Record<string, (asked: Asked) => Answer | Promise<Answer>>>;

function routesOf({ status, faults, calls }: ControlOptions): Readonly<Record<string, Methods>> {
  const readStatus = () => ok(status());
  return {
    status: { GET: readStatus, HEAD: readStatus },
    faults: {
      GET: () => ok({ faults: faults.list() }),
      POST: async ({ request }) => ({ status: 201, document: { fault: faults.add(await readJson(request)) } }),
      DELETE: ({ id }) => {
        const cleared = faults.clear(id);
        if (id !== undefined && cleared === 0)
          throw usageError('fault.unknown', `there is no fault ${id.slice(0, 40)}`);
        return ok({ cleared });
      },
    },
    calls: {
      GET: ({ query }) => ok(calls.report(readQuery(query))),
      DELETE: () => {
        calls.reset();
        return ok({});
      },
    },
  };
}

async function answer({ token }: ControlOptions, methods: Methods, request: IncomingMessage, id?: string) {
  const open = Object.hasOwn(methods, 'HEAD');
  if (!open && !isLoopback(request.socket.remoteAddress)) {
    return refuse(403, 'local.not-here', 'the cloud is controlled from its own host only');
  }
  if (!open && !isBearer(request.headers.authorization, token)) {
    return refuse(401, 'local.not-authorized', "the control token is wrong; it is in the cloud's cloud.json");
  }
  const method = request.method ?? '';
  const act = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!act) return refuse(405, 'local.method', `${method} is not for this path`);
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  return act({ request, id, query });
}

function isLoopback(address = ''): boolean {
  return /^(::ffff:)?127\./.test(address) || address === '::1';
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(/^Bearer (.+)$/.exec(header ?? '')?.[1] ?? '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, bodyLimit);
  if (body === 'too-large') throw usageError('local.too-large', `a request has ${bodyLimit} bytes at most`);
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    throw usageError('local.malformed', 'the request is not JSON');
  }
}

function readQuery(query: URLSearchParams): CallQuery {
  const text = (name: string) => query.get(name) ?? undefined;
  const number = (name: string) => {
    const given = text(name);
    if (given === undefined) return undefined;
    if (!/^\d{1,15}$/.test(given)) throw usageError('calls.query', `${name} is not a number`);
    return Number(given);
  };
  return {
    operation: text('operation'),
    service: text('service'),
    code: text('code'),
    since: number('since'),
    limit: number('limit'),
  };
}

function ok(document: unknown): Answer {
  return { status: 200, document };
}

function refuse(status: number, code: string, message: string, fix?: string): Answer {
  return { status, document: { error: { code, message, fix } } };
}

/** Invalid requests get a description of what is wrong; anything else is a defect for the server's log. */
function refusalOf(error: unknown): Answer {
  if (error instanceof PipelineError) return refuse(400, error.code, error.message, error.fix);
  throw error;
}
