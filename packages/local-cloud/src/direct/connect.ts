import { randomUUID } from 'node:crypto';
import type { Clock } from '@golden-pipeline/shared/clock';
import { NormalizedSchema } from '@smithy/core/schema';
import type { CallLog } from '../calls/log.ts';
import { type CallContext, type CallFaults, CloudError, CutConnection, type HandlerTable } from '../wire/handler.ts';
import type { ServiceName } from '../wire/operations.ts';
import { serviceShapes } from '../wire/shapes.ts';
import { attempts } from './attempts.ts';
import { plainCopy } from './plain-copy.ts';
import { type ResolvedClient, resolveOnce } from './resolve-once.ts';
import { type ErrorRegistry, errorRegistry, serviceError } from './service-errors.ts';

/** What a client of the SDK must have to be connected: every one has it. */
export interface SdkClient extends ResolvedClient {
  config: ResolvedClient['config'] & {
    serviceId: string;
    region(): Promise<string>;
    maxAttempts(): Promise<number>;
    logger: object;
    protocol?: object;
  };
}

/** What answers the calls. */
export interface DirectServices {
  tables: Partial<Record<ServiceName, HandlerTable>>;
  faults: CallFaults;
  calls: CallLog;
  clock: Clock;
  random: () => number;
  /** Lets time go on while a call is in work, for what waits on the cloud's side. */
  during<T>(work: () => Promise<T>): Promise<T>;
  report(error: unknown): void;
}

/** The SDK's name of each service to the one in a signature's scope. */
const services: Record<string, ServiceName> = {
  EC2: 'ec2',
  'Auto Scaling': 'autoscaling',
  'Elastic Load Balancing v2': 'elasticloadbalancing',
  CloudWatch: 'monitoring',
  STS: 'sts',
  IAM: 'iam',
  SSM: 'ssm',
  'Secrets Manager': 'secretsmanager',
};

interface SmithyContext {
  operation: string;
  operationSchema: [kind: number, namespace: string, name: string, traits: unknown, input: unknown, output: unknown];
}

/**
 * Lets a client of the SDK call the services in this process, without a wire between: nothing is signed, written or parsed, and all
 * that the client does before (middleware of its owner's) and after it stays. Retries are those of the SDK, on the cloud's clock.
 * @throws Error for a client of a service that is not served in this way
 */
export function connect<Client extends SdkClient>(client: Client, to: DirectServices): Client {
  const service = services[client.config.serviceId];
  const table = service && to.tables[service];
  if (!service || !table) throw new Error(`${client.config.serviceId} is served on the wire only`);
  // Without methods nothing is prepared for it: what the SDK does for a log that nobody reads takes a tenth of a call.
  client.config.logger = {};
  client.middlewareStack.add(
    (_next: unknown, context: { __smithy_context: SmithyContext }) =>
      async ({ input }: { input: Record<string, unknown> }) => {
        const { operation, operationSchema } = context.__smithy_context;
        const [region, most] = await Promise.all([client.config.region(), client.config.maxAttempts()]);
        const sent = { ...input, ...missingTokens(operationSchema[4], input) };
        const errors = errorRegistry(client.config.protocol, operationSchema[1]);
        const output = await to.during(() =>
          attempts((attempt) => new Attempt(to, { service, operation, region }).make(sent, errors, attempt), {
            clock: to.clock,
            most,
            random: to.random,
          }),
        );
        return { output, response: {} };
      },
    { step: 'initialize', name: 'directCloud', priority: 'low' },
  );
  resolveOnce(client);
  return client;
}

/** The members of each operation's input that are idempotency tokens. */
const tokenNames = new WeakMap<object, string[]>();

/** Idempotency tokens that the caller left out: the SDK fills them in, once for all attempts. */
function missingTokens(schema: unknown, input: Record<string, unknown>): Record<string, string> {
  const known = tokenNames.get(schema as object);
  const names = known ?? tokensOf(schema);
  if (!known) tokenNames.set(schema as object, names);
  return Object.fromEntries(names.filter((name) => input[name] === undefined).map((name) => [name, randomUUID()]));
}

function tokensOf(schema: unknown): string[] {
  const members = [...NormalizedSchema.of(schema as never).structIterator()];
  return members.flatMap(([name, member]) => (member.isIdempotencyToken() ? name : []));
}

/** One attempt at a call. */
class Attempt {
  readonly #to: DirectServices;
  readonly #call: CallContext;
  readonly #struck: string[] = [];

  constructor(to: DirectServices, of: { service: ServiceName; operation: string; region: string }) {
    this.#to = to;
    const struck = (fault: string) => {
      if (!this.#struck.includes(fault)) this.#struck.push(fault);
    };
    this.#call = { ...of, accessKeyId: 'direct', requestId: randomUUID(), struck };
  }

  async make(input: object, errors: ErrorRegistry, attempts: number): Promise<object> {
    const { clock } = this.#to;
    const at = clock.now();
    const { requestId } = this.#call;
    try {
      const output = (await this.#do(input)) as object;
      this.#note(at, 200);
      return { ...output, $metadata: { httpStatusCode: 200, requestId, attempts } };
    } catch (error) {
      const known = error instanceof CloudError || error instanceof CutConnection;
      if (!known) this.#to.report(error);
      const refusal = known ? error : new CloudError('InternalFailure', 'An internal error has occurred.', 500);
      if (refusal instanceof CloudError && refusal.fault) this.#call.struck?.(refusal.fault);
      const cut = refusal instanceof CutConnection;
      this.#note(at, cut ? 0 : refusal.status, cut ? 'ConnectionCut' : refusal.code);
      throw serviceError(refusal, { errors, requestId, attempts });
    }
  }

  async #do(sent: object): Promise<unknown> {
    const { service, operation } = this.#call;
    const { tables, faults } = this.#to;
    const shapes = serviceShapes[service];
    const { input, output } = shapes.operation(operation) ?? {};
    const handler = tables[service]?.[operation];
    if (!handler)
      throw new CloudError('InvalidAction', `The action ${operation} is not served by the local cloud.`, 400);
    const given = plainCopy(shapes, input, sent, true) as Record<string, unknown>;
    const struck = (fault: string) => this.#call.struck?.(fault);
    await faults.before(this.#call, given, struck);
    const answer = await handler(given, this.#call);
    return plainCopy(shapes, output, faults.after(this.#call, answer, struck));
  }

  #note(at: number, status: number, code?: string): void {
    const { operation, service, accessKeyId, requestId, region } = this.#call;
    const faults = this.#struck.length > 0 ? this.#struck : undefined;
    const ms = this.#to.clock.now() - at;
    this.#to.calls.add({ operation, service, accessKeyId, at, ms, status, code, requestId, region, faults });
  }
}
