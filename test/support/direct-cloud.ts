import type { EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { type DirectCloud as Cloud, startDirectCloud } from 'golden-pipeline-local-cloud';
import type { CloudState } from 'golden-pipeline-local-cloud/model';
import { account, CloudError } from 'golden-pipeline-local-cloud/model';
import { type AwsClients, createClients } from '../../src/aws/clients.ts';
import { toPipelineError } from '../../src/aws/errors.ts';

/** A direct cloud on a clock that the test moves, with hooks around each call of the pipeline. */
export class DirectCloud {
  readonly clock = new ManualClock();
  readonly reports: unknown[] = [];
  /** Operations so far, in order. */
  readonly calls: string[] = [];
  /** Called before each operation that is not the hook's own; what it does comes between two calls of the pipeline. */
  between: ((operation: string, input: unknown) => Promise<void>) | undefined;
  /** Turns an answer into another, or refuses by throwing a CloudError, before the operation is done. */
  instead: ((operation: string, input: unknown) => unknown) | undefined;
  /** `refuse`: the call fails and nothing is done. `lose`: it is done, its answer is lost, and it is made once more, as the SDK does. */
  fault: ((operation: string) => 'refuse' | 'lose' | undefined) | undefined;
  #cloud: Cloud | undefined;
  readonly #clients = new Map<string, AwsClients>();
  #inHook = false;

  async start(): Promise<void> {
    const { clock } = this;
    const started = startDirectCloud({ clock, report: (error) => this.reports.push(error) });
    await clock.advance(0);
    this.#cloud = await started;
    for (const clients of this.#clients.values()) this.#connect(clients);
  }

  close(): void {
    this.#cloud?.close();
  }

  /** The records of a region. */
  state(region?: string): CloudState {
    return this.#started.state(region);
  }

  /** The records of the home region. */
  get home(): CloudState {
    return this.state();
  }

  /** SDK clients of a region, which may be made before the start. */
  clients(region: string = account.region): AwsClients {
    const known = this.#clients.get(region);
    if (known) return known;
    const clients = createClients({ region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    for (const client of Object.values(clients)) this.#hooked(client);
    this.#clients.set(region, clients);
    if (this.#cloud) this.#connect(clients);
    return clients;
  }

  #connect(clients: AwsClients): void {
    for (const client of Object.values(clients)) this.#started.connect(client);
  }

  get #started(): Cloud {
    if (!this.#cloud) throw new Error('the cloud is not started');
    return this.#cloud;
  }

  #hooked(client: NonNullable<AwsClients[keyof AwsClients]>): void {
    (client.middlewareStack as EC2Client['middlewareStack']).add(
      (next, { commandName = '' }) =>
        async (args) => {
          const operation = commandName.replace(/Command$/, '');
          await this.#before(operation, args.input);
          this.calls.push(operation);
          const fault = this.#inHook ? undefined : this.fault?.(operation);
          if (fault === 'refuse') throw new CloudError('InternalError', 'An internal error has occurred', 500);
          const output = this.instead?.(operation, args.input);
          if (output !== undefined) return { output: output as never, response: {} };
          if (fault === 'lose') await next(args);
          return next(args);
        },
      { step: 'initialize', name: 'hooks' },
    );
    // What a hook throws leaves as any other refusal does.
    (client.middlewareStack as EC2Client['middlewareStack']).add(
      (next, { commandName = '' }) =>
        (args) =>
          next(args).catch((error: unknown) => {
            if (!(error instanceof CloudError)) throw error;
            const refusal = Object.assign(new Error(error.message), { name: error.code });
            throw toPipelineError(refusal, commandName.replace(/Command$/, ''));
          }),
      { step: 'initialize', name: 'refusals', priority: 'high' },
    );
  }

  async #before(operation: string, input: unknown): Promise<void> {
    if (!this.between || this.#inHook) return;
    this.#inHook = true;
    try {
      await this.between(operation, input);
    } finally {
      this.#inHook = false;
    }
  }
}
