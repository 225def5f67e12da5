import type { CloudState, ImageRecord } from 'golden-pipeline-local-cloud/model';
import { tagKeys } from '../../../src/aws/tags.ts';
import type { TestFleet } from './fleet.ts';

/**
 * What must stay, told from the cloud's own records and with no code of the product: slow, plain, and another way of saying it.
 */
export class Oracle {
  /** Ids of images that somebody has disabled on purpose. */
  readonly switchedOff = new Set<string>();

  constructor(readonly fleet: TestFleet) {}

  get #state(): CloudState {
    return this.fleet.cloud.home;
  }

  /** Images of the app that are registered, oldest version first. */
  images(): ImageRecord[] {
    return Object.values(this.#state.images)
      .filter((image) => image.state !== 'deregistered' && image.tags[tagKeys.app] === 'api')
      .sort((a, b) => this.number(a) - this.number(b));
  }

  number(image: ImageRecord): number {
    return Number(image.tags[tagKeys.version]?.slice(1));
  }

  /** Something runs on it. */
  runs(image: ImageRecord): boolean {
    return Object.values(this.#state.instances).some((one) => one.imageId === image.id && one.state !== 'terminated');
  }

  /** Something would launch it. */
  isNamed(image: Pick<ImageRecord, 'id'>): boolean {
    const template = this.#state.launchTemplates[this.fleet.templateId];
    if (!template) return false;
    const { defaultVersion, latestVersion } = template;
    const named = Object.values(this.#state.groups).map((group) => group.launchTemplate.version);
    const active = Object.values(this.#state.refreshes).filter((refresh) =>
      /Pending|Progress|Baking/.test(refresh.status),
    );
    const versions = [...named, ...active.map((refresh) => refresh.desiredLaunchTemplate?.version), '$Default'];
    return versions.some((version) => {
      const number = version === '$Default' ? defaultVersion : version === '$Latest' ? latestVersion : Number(version);
      return template.versions.find((one) => one.number === number)?.data.ImageId === image.id;
    });
  }

  /** Versions that something would launch, and whose image somebody has deregistered: its snapshot is all that is left of it. */
  missed(): string[] {
    const there = this.images().map((image) => image.id);
    return this.fleet.releases.flatMap(({ version, image: { imageId } = { imageId: '' } }) =>
      !there.includes(imageId) && this.isNamed({ id: imageId }) ? [version] : [],
    );
  }

  isPinned(image: ImageRecord): boolean {
    return image.tags[tagKeys.pinned] === 'true';
  }

  /** Known-good ones that can be launched, or that a prune has disabled and could enable. */
  usable(): ImageRecord[] {
    return this.good().filter((image) => !this.switchedOff.has(image.id));
  }

  /** Known-good ones that are there. */
  good(): ImageRecord[] {
    const good = new Set(this.fleet.releases.filter((one) => one.knownGood).map((one) => one.version));
    return this.images().filter(
      (image) => good.has(image.tags[tagKeys.version] ?? '') && ['available', 'disabled'].includes(image.state),
    );
  }

  /** What the group launches. */
  serving(): ImageRecord[] {
    return this.images().filter((image) => {
      const group = this.#state.groups['api-test'];
      const version = this.#state.launchTemplates[this.fleet.templateId]?.versions.find(
        (one) => String(one.number) === group?.launchTemplate.version,
      );
      return version?.data.ImageId === image.id;
    });
  }

  /** Notes what a rollback from what serves to an image leaves: all known-good ones on the way, and not the one that it goes to. */
  leave(back: ImageRecord): void {
    const from = Math.max(0, ...this.serving().map((image) => this.number(image)));
    for (const release of this.fleet.releases) {
      const number = Number(release.version.slice(1));
      if (number === this.number(back)) delete release.rolledBackAt;
      else if (release.knownGood && number > this.number(back) && number <= from) {
        release.rolledBackAt ??= new Date(this.fleet.cloud.clock.now()).toISOString();
      }
    }
  }

  /** A rollback went away from it. */
  isLeft(image: ImageRecord): boolean {
    return this.fleet.releases.some(
      (one) => one.version === image.tags[tagKeys.version] && one.rolledBackAt !== undefined,
    );
  }

  /** What the fleet would go back to. */
  targets(): ImageRecord[] {
    const serving = this.serving();
    const offered = this.usable().filter((image) => !this.isLeft(image));
    return serving.flatMap((one) => offered.findLast((other) => this.number(other) < this.number(one)) ?? []);
  }

  /** The newest of each kind of list, one at a time: those that were rolled back only to make up two. */
  last(): ImageRecord[] {
    const count = Math.max(2, this.fleet.services.fleet.release.keep);
    return [this.good(), this.usable()].flatMap((images) => {
      const newestFirst = [...images].reverse();
      const taken: ImageRecord[] = [];
      for (const image of newestFirst) if (!this.isLeft(image) && taken.length < count) taken.push(image);
      for (const image of newestFirst) if (this.isLeft(image) && taken.length < 2) taken.push(image);
      return taken;
    });
  }

  /** Not known-good, not failed, and newer than all that are: its release may be continued. */
  mayGoOn(image: ImageRecord): boolean {
    const release = this.fleet.releases.find((one) => one.version === image.tags[tagKeys.version]);
    const newest = this.good().at(-1);
    return release?.state === 'building' && (!newest || this.number(image) > this.number(newest));
  }

  /** Why it must neither be disabled nor deleted, whoever came when. */
  why(image: ImageRecord): string[] {
    const reasons = {
      named: this.isNamed(image),
      'rollback target': this.targets().includes(image),
      'one of the last': this.last().includes(image),
      young:
        this.fleet.cloud.clock.now() - image.createdAt < this.fleet.services.fleet.release.minimumAgeHours * 3_600_000,
      'may go on': this.mayGoOn(image),
    };
    return Object.entries(reasons).flatMap(([reason, holds]) => (holds ? [reason] : []));
  }

  /** Everything that is to be there once nothing more is due. */
  kept(): ImageRecord[] {
    return this.images().filter((image) => this.runs(image) || this.isPinned(image) || this.why(image).length > 0);
  }
}
