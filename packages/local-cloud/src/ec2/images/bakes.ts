import { messageOf } from '@golden-pipeline/shared/errors';
import type { BakeFaults, CloudContext } from '../../context.ts';
import type { ImageRecord, InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import type { InstanceLifecycle } from '../instances/lifecycle.ts';

/** How a snapshot ended. */
type Outcome = { bytes: number } | { error: string };

/** The work behind images: snapshots being taken, and data that nothing needs any more. */
export class Bakes {
  readonly #context: CloudContext;
  readonly #lifecycle: InstanceLifecycle;
  readonly #active = new Set<string>();
  readonly #deleting = new Set<string>();
  readonly #closing = new AbortController();

  constructor(context: CloudContext, lifecycle: InstanceLifecycle) {
    this.#context = context;
    this.#lifecycle = lifecycle;
    // A boot that ends may have been the last that needed the data of a deregistered image.
    lifecycle.states.onChange(() => this.sweep());
  }

  /**
   * Takes the snapshot of a `pending` image. With `reboot` a running machine is off meanwhile and booted again after.
   * The image stays `pending` until the snapshot is done and `imagePending` is over, then becomes `available` or `failed`.
   * @returns ids of the faults that strike it
   */
  begin(image: ImageRecord, instance: InstanceRecord, reboot: boolean): string[] {
    const faults = this.#faults(image);
    this.#follow(image, () => this.#bake(image, instance, reboot, faults));
    return faults.struck;
  }

  #faults(image: ImageRecord): BakeFaults {
    return this.#context.faults?.bake(image, this.#context.region.name) ?? { delayMs: 0, struck: [] };
  }

  #follow(image: ImageRecord, work: () => Promise<void>): void {
    this.#active.add(image.id);
    work()
      .catch((error) => {
        if (!this.#closing.signal.aborted) this.#context.report(error);
      })
      .finally(() => {
        this.#active.delete(image.id);
        this.sweep();
      });
  }

  /**
   * Makes a `pending` copy available when `imagePending` is over. It shares its source's data, so there is nothing to be done.
   * @returns ids of the faults that strike it
   */
  beginCopy(image: ImageRecord): string[] {
    const { delayMs, failure, struck } = this.#faults(image);
    const outcome = failure === undefined ? undefined : { error: failure };
    this.#follow(image, () => this.#finish(image, this.#context.delays.imagePending + delayMs, outcome));
    return struck;
  }

  /** Images that were being made when the cloud stopped can never become available; copies go on. */
  failInterrupted(): void {
    for (const image of Object.values(this.#context.state.images)) {
      if (image.state !== 'pending' || this.#active.has(image.id)) continue;
      if (image.source) {
        this.beginCopy(image);
        continue;
      }
      this.#fail(image, 'the local cloud was stopped while the snapshot was taken');
    }
  }

  /** Deletes the data of deregistered and failed images that no launch in progress needs; what cannot be deleted is tried again later. */
  sweep(): void {
    for (const image of Object.values(this.#context.state.images)) {
      if (!image.dataLeft || this.#active.has(image.id) || this.#deleting.has(image.id)) continue;
      if (!this.#isNeeded(dataOf(image))) void this.#deleteData(image);
    }
  }

  /** Whether an image of any region, or a machine whose disk is still to be made, needs this data. A machine's disk is a copy. */
  #isNeeded(dataId: string): boolean {
    const { state, regions } = this.#context;
    for (const { images, instances } of regions?.states() ?? [state]) {
      for (const image of Object.values(images)) {
        if (dataOf(image) === dataId && image.state !== 'deregistered' && image.state !== 'failed') return true;
      }
      for (const { imageId, imageDataId = imageId, state: now, hasRun } of Object.values(instances)) {
        if (imageDataId === dataId && now === 'pending' && !hasRun) return true;
      }
    }
    return false;
  }

  close(): void {
    this.#closing.abort(new Error('the cloud is stopping'));
  }

  async #bake(image: ImageRecord, instance: InstanceRecord, reboot: boolean, faults: BakeFaults): Promise<void> {
    const { delays, machines } = this.#context;
    const outcome = await new Promise<Outcome>((resolve) => {
      const snapshot = async () => {
        if (faults.failure !== undefined) return resolve({ error: faults.failure });
        try {
          resolve({ bytes: await machines.snapshot(instance.id, image.id) });
        } catch (error) {
          resolve({ error: messageOf(error) });
        }
      };
      const work = reboot
        ? this.#lifecycle.restart(instance, snapshot)
        : this.#lifecycle.exclusive(instance.id, snapshot);
      // Reached without a snapshot only when the machine could not be stopped; otherwise the outcome is there already.
      const unstopped = () => resolve({ error: `instance ${instance.id} could not be stopped for the snapshot` });
      work.then(unstopped, unstopped);
    });
    await this.#finish(image, delays.imagePending + faults.delayMs, outcome);
  }

  /** Ends the `pending` of an image that is so old. */
  async #finish(image: ImageRecord, age: number, outcome?: Outcome): Promise<void> {
    const { clock, state } = this.#context;
    await clock.sleep(image.createdAt + age - clock.now(), this.#closing.signal);
    if (image.state !== 'pending') return; // deregistered meanwhile
    if (outcome && 'error' in outcome) return this.#fail(image, outcome.error);
    image.state = 'available';
    const snapshot = state.snapshots[image.snapshotId];
    if (snapshot) {
      snapshot.state = 'completed';
      snapshot.completedAt = clock.now();
      if (outcome) snapshot.sizeBytes = outcome.bytes;
    }
    this.#context.changed();
  }

  #fail(image: ImageRecord, why: string): void {
    image.state = 'failed';
    image.stateReason = { code: 'Server.InternalError', message: `Server.InternalError: ${why}` };
    const snapshot = this.#context.state.snapshots[image.snapshotId];
    if (snapshot) snapshot.state = 'error';
    image.dataLeft = true; // whatever the failed snapshot has left behind
    this.#context.changed();
    // A copy has no data of its own: the sweep goes by who else needs it.
    if (!image.source) void this.#deleteData(image);
  }

  async #deleteData(image: ImageRecord): Promise<void> {
    this.#deleting.add(image.id);
    try {
      // The base image's data is the machine driver's: regions used later start with it too.
      const data = dataOf(image);
      if (data !== account.baseImageId) await this.#context.machines.deleteImage(data);
      image.dataLeft = false;
      this.#context.changed();
    } catch (error) {
      this.#context.report(error);
    } finally {
      this.#deleting.delete(image.id);
    }
  }
}

/** Id under which the driver keeps an image's data. */
function dataOf({ id, dataId = id }: ImageRecord): string {
  return dataId;
}
