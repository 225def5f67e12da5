import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { AwsClients } from '../aws/clients.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import type { EvaluatedImage } from './evaluate.ts';
import { type Inventory, type InventoryOptions, takeInventory } from './inventory.ts';

/** What keeping and removing images needs of a run, whatever the run is. */
export type RetentionContext = Pick<
  RunContext<Services, unknown>,
  'services' | 'clock' | 'signal' | 'change' | 'note' | 'progress'
>;

/** Looks again and again for one step, and gathers what could not be done. */
export class ImageRetention {
  readonly context: RetentionContext;
  /** What went wrong so far, one line an image; work on the other images continues. */
  readonly failures: string[] = [];
  readonly #options: Pick<InventoryOptions, 'force' | 'needed'>;
  #releases: readonly ReleaseRecord[] | undefined;

  constructor(context: RetentionContext, options: Pick<InventoryOptions, 'force' | 'needed'>) {
    this.context = context;
    this.#options = options;
  }

  /** Everything read anew. @param only the image that matters, see {@link InventoryOptions.only} */
  async takeInventory(only?: string): Promise<Inventory> {
    const { services, clock } = this.context;
    const seen = await takeInventory(services, { ...this.#options, now: clock.now(), releases: this.#releases, only });
    this.#releases = seen.releases;
    return seen;
  }

  /** One image, evaluated by everything read anew; undefined when it is gone. */
  async evaluateAgain(image: { region: string; imageId: string }): Promise<EvaluatedImage | undefined> {
    const { evaluated } = await this.takeInventory(image.imageId);
    return evaluated.find((one) => one.region === image.region && one.image.imageId === image.imageId);
  }

  /** Clients of a region that was looked at. */
  clients(region: string): AwsClients {
    const { fleet, aws, elsewhere } = this.context.services;
    if (region === fleet.region) return aws;
    const other = elsewhere?.().find((one) => one.region === region);
    if (!other) throw new Error(`no clients for ${region}`);
    return other.aws;
  }

  /** Does something for one image; a failure is kept in mind, so that the others have their turn. */
  async attempt(what: string, work: () => Promise<void>): Promise<void> {
    this.context.signal.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (this.context.signal.aborted || isJournals(error)) throw error;
      const failure = `${what}: ${messageOf(error)}`;
      this.failures.push(failure);
      this.context.note(failure);
    }
  }
}

/** The run's own records cannot be written: nothing more may be changed. */
function isJournals(error: unknown): boolean {
  return error instanceof PipelineError && /^(journal|ledger|lock)\./.test(error.code);
}
