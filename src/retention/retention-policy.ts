import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { AwsClients } from '../aws/clients.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import type { Judged } from './evaluate.ts';
import { type Look, type LookOptions, look } from './inventory.ts';

/** What keeping and removing images needs of a run, whatever the run is. */
export type KeeperContext = Pick<
  RunContext<Services, unknown>,
  'services' | 'clock' | 'signal' | 'change' | 'note' | 'progress'
>;

/** Looks again and again for one step, and gathers what could not be done. */
export class Keeper {
  readonly context: KeeperContext;
  /** What went wrong so far, one line an image; the other images are gone on with. */
  readonly failures: string[] = [];
  readonly #options: Pick<LookOptions, 'force' | 'needed'>;
  #releases: readonly ReleaseRecord[] | undefined;

  constructor(context: KeeperContext, options: Pick<LookOptions, 'force' | 'needed'>) {
    this.context = context;
    this.#options = options;
  }

  /** Everything read anew. @param only the image that matters, see {@link LookOptions.only} */
  async look(only?: string): Promise<Look> {
    const { services, clock } = this.context;
    const seen = await look(services, { ...this.#options, now: clock.now(), releases: this.#releases, only });
    this.#releases = seen.releases;
    return seen;
  }

  /** One image, judged by everything read anew; undefined when it is gone. */
  async lookAt(image: { region: string; imageId: string }): Promise<Judged | undefined> {
    const { judged } = await this.look(image.imageId);
    return judged.find((one) => one.region === image.region && one.image.imageId === image.imageId);
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
