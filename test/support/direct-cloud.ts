import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../../src/aws/clients.ts';
import { toPipelineError } from '../../src/aws/errors.ts';
import { Regions } from '../../src/local-cloud/daemon/regions.ts';
import { SimulatedBalancer } from '../../src/local-cloud/elb/simulated.ts';
import { SimulatedDriver } from '../../src/local-cloud/machines/simulated-driver.ts';
import { type CloudState, emptyState } from '../../src/local-cloud/model.ts';
import { account, delayProfiles } from '../../src/local-cloud/settings.ts';
import { CloudError } from '../../src/local-cloud/wire/handler.ts';
import { ManualClock } from './manual-clock.ts';

type Service = 'ec2' | 'autoscaling' | 'elasticloadbalancing';

/**
 * The services of the local cloud on simulated machines and a manual clock, called by real SDK clients without a wire
 * between: a call takes microseconds, and everything that EC2 and Auto Scaling decide is decided by the same code.
 */
export class DirectCloud {
  readonly clock = new ManualClock();
  readonly reports: unknown[] = [];
  /** Operations so far, in order. */
  readonly calls: string[] = [];
  /** Called before each operation that is not the hook's own; what it does comes between two calls of the pipeline. */
  between: ((operation: string, input: unknown) => Promise<void>) | undefined;
  /** Turns an answer into another, or refuses by throwing a CloudError, before the operation is done. */
  instead: ((operation: string, input: unknown) => unknown) | undefined;
  /** `refuse`: the call fails and nothing is done. `lose`: it is done, and its answer is lost. */
  fault: ((operation: string) => 'refuse' | 'lose' | undefined) | undefined;
  readonly home: CloudState = emptyState();
  readonly #regions: Regions;
  readonly #clients = new Map<string, AwsClients>();
  #inHook = false;

  constructor() {
    const { clock } = this;
    const machines = new SimulatedDriver({ clock, images: [account.baseImageId] });
    let address = 0;
    this.#regions = new Regions(
      {
        clock,
        delays: delayProfiles.quick,
        machines,
        balancer: new SimulatedBalancer({ clock, isUp: ({ id }) => machines.isRunning(id) }),
        changed: () => undefined,
        report: (error) => this.reports.push(error),
        takeAddress: () => `127.9.${16 + Math.floor(++address / 250)}.${1 + (address % 250)}`,
        releaseAddress: () => undefined,
        takeBalancerAddress: () => '127.9.2.1',
      },
      { state: this.home, regions: {} },
    );
  }

  async start(): Promise<void> {
    const started = this.#regions.start();
    await this.clock.advance(0);
    await started;
  }

  close(): void {
    this.#regions.stop();
  }

  /** The records of a region. */
  state(region: string = account.region): CloudState {
    const state = this.#regions.state(region);
    if (!state) throw new Error(`no region ${region}`);
    return state;
  }

  /** SDK clients of a region. */
  clients(region: string = account.region): AwsClients {
    const known = this.#clients.get(region);
    if (known) return known;
    const options = { region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
    const clients = {
      ec2: this.#direct(new EC2Client(options), 'ec2', region),
      autoScaling: this.#direct(new AutoScalingClient(options), 'autoscaling', region),
      elb: this.#direct(new ElasticLoadBalancingV2Client(options), 'elasticloadbalancing', region),
    };
    this.#clients.set(region, clients);
    return clients;
  }

  #direct<Client extends { middlewareStack: unknown }>(client: Client, service: Service, region: string): Client {
    (client.middlewareStack as EC2Client['middlewareStack']).add(
      (_next, { commandName = '' }) =>
        async ({ input }) => {
          const operation = commandName.replace(/Command$/, '');
          return { output: (await this.#call(service, region, operation, input)) as never, response: {} };
        },
      { step: 'initialize', name: 'directCloud', priority: 'high' },
    );
    return client;
  }

  async #call(service: Service, region: string, operation: string, input: unknown): Promise<unknown> {
    if (this.between && !this.#inHook) {
      this.#inHook = true;
      try {
        await this.between(operation, input);
      } finally {
        this.#inHook = false;
      }
    }
    this.calls.push(operation);
    const handler = this.#regions.tables[service][operation];
    if (!handler) throw new Error(`the local cloud has no ${operation}`);
    const call = { service, operation, region, accessKeyId: 'a', requestId: 'r' };
    try {
      const fault = this.#inHook ? undefined : this.fault?.(operation);
      if (fault === 'refuse') throw new CloudError('InternalError', 'An internal error has occurred', 500);
      const other = this.instead?.(operation, input);
      if (other !== undefined) return other;
      // A copy, as the wire would give: nobody shares records with the cloud.
      const answer = structuredClone((await handler(structuredClone(input), call)) ?? {});
      if (fault === 'lose') throw new CloudError('TimeoutError', 'the answer was lost', 500);
      return answer;
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      throw toPipelineError(Object.assign(new Error(error.message), { name: error.code }), operation);
    }
  }
}
