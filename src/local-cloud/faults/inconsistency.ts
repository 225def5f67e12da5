import type { Clock } from '../../shared/clock.ts';
import type { CloudState } from '../model.ts';
import { account } from '../settings.ts';
import { CloudError } from '../wire/handler.ts';
import type { FaultBook } from './book.ts';
import type { CallFacts } from './match.ts';

type Struck = (rule: string) => void;
type Document = Record<string, unknown>;

/** One kind of thing that may not be found yet, and the readings that would show it. */
interface Shelf {
  reads: readonly string[];
  /** When the thing was made; undefined when it is not new, or unknown. */
  madeAt(state: CloudState, id: string): number | undefined;
  /** Ids that a reading names. */
  asked(state: CloudState, input: Document): string[];
  /** Lists in the answer, and the id of an item; lists of lists for reservations. */
  list: string;
  id(item: Document): unknown;
  inner?: string;
  notFound(id: string): CloudError;
}

const named = (field: string) => (_state: CloudState, input: Document) => texts(input[field]);

const shelves: readonly Shelf[] = [
  {
    reads: ['DescribeImages'],
    madeAt: ({ images }, id) => (images[id]?.name === account.baseImageName ? undefined : images[id]?.createdAt),
    asked: named('ImageIds'),
    list: 'Images',
    id: (item) => item.ImageId,
    notFound: (id) => new CloudError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`),
  },
  {
    reads: ['DescribeInstances'],
    // A start sets the launch time anew: what has run before is not new.
    madeAt: ({ instances }, id) => (instances[id]?.hasRun ? undefined : instances[id]?.launchTime),
    asked: named('InstanceIds'),
    list: 'Reservations',
    inner: 'Instances',
    id: (item) => item.InstanceId,
    notFound: (id) => new CloudError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`),
  },
  {
    reads: ['DescribeSnapshots'],
    madeAt: ({ snapshots }, id) => snapshots[id]?.startTime,
    asked: named('SnapshotIds'),
    list: 'Snapshots',
    id: (item) => item.SnapshotId,
    notFound: (id) => new CloudError('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`),
  },
  {
    reads: ['DescribeLaunchTemplates', 'DescribeLaunchTemplateVersions'],
    madeAt: ({ launchTemplates }, id) => launchTemplates[id]?.createdAt,
    asked: ({ launchTemplates }, input) => {
      const names = [...texts(input.LaunchTemplateNames), ...texts(input.LaunchTemplateName)];
      const byName = Object.values(launchTemplates).filter(({ name }) => names.includes(name));
      return [...texts(input.LaunchTemplateIds), ...texts(input.LaunchTemplateId), ...byName.map(({ id }) => id)];
    },
    list: 'LaunchTemplates',
    id: (item) => item.LaunchTemplateId,
    notFound: (id) =>
      new CloudError(
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${id}, does not exist.`,
      ),
  },
  {
    reads: ['DescribeKeyPairs'],
    madeAt: ({ keyPairs }, id) => keyPairs[id]?.createdAt,
    asked: ({ keyPairs }, input) => {
      const names = texts(input.KeyNames);
      const byName = Object.values(keyPairs).filter(({ name }) => names.includes(name));
      return [...texts(input.KeyPairIds), ...byName.map(({ id }) => id)];
    },
    list: 'KeyPairs',
    id: (item) => item.KeyPairId,
    notFound: (id) => new CloudError('InvalidKeyPair.NotFound', `The key pair '${id}' does not exist`),
  },
];

/** Readings that do not show yet what was made a moment ago, as EC2's are now and then. */
export class Inconsistency {
  readonly #book: FaultBook;
  readonly #clock: Clock;

  constructor(book: FaultBook, clock: Clock) {
    this.#book = book;
    this.#clock = clock;
  }

  /** @throws CloudError `...NotFound` for a reading that names something too new. */
  refuse(state: CloudState, call: CallFacts, input: unknown, struck: Struck): void {
    const shelf = this.#shelf(call);
    if (!shelf) return;
    for (const id of shelf.asked(state, (input ?? {}) as Document)) {
      const rule = this.#hider(shelf, state, call, id);
      if (!rule) continue;
      struck(rule);
      throw shelf.notFound(id);
    }
  }

  /** The answer without what is too new. */
  hide(state: CloudState, call: CallFacts, output: unknown, struck: Struck): unknown {
    const shelf = this.#shelf(call);
    const list = shelf && (output as Document | undefined)?.[shelf.list];
    if (!shelf || !Array.isArray(list)) return output;
    const seen = (item: Document): boolean => {
      const rule = this.#hider(shelf, state, call, String(shelf.id(item)));
      if (rule) struck(rule);
      return rule === undefined;
    };
    const { inner } = shelf;
    const kept =
      inner === undefined
        ? (list as Document[]).filter(seen)
        : (list as Document[])
            .map((item) => ({ ...item, [inner]: (item[inner] as Document[]).filter(seen) }))
            .filter((item) => (item[inner] as unknown as Document[]).length > 0);
    return { ...(output as Document), [shelf.list]: kept };
  }

  #shelf({ service, operation }: CallFacts): Shelf | undefined {
    if (service !== 'ec2' || this.#book.inForce('eventual-consistency').length === 0) return undefined;
    return shelves.find(({ reads }) => reads.includes(operation));
  }

  /** The rule that hides the thing now. */
  #hider(shelf: Shelf, state: CloudState, call: CallFacts, id: string): string | undefined {
    const madeAt = shelf.madeAt(state, id);
    if (madeAt === undefined) return undefined;
    const rule = this.#book.strikeOnce('eventual-consistency', id, ({ since, delayMs = 0, region }) => {
      if (region !== undefined && region !== call.region) return false;
      return madeAt >= since && this.#clock.now() < madeAt + delayMs;
    });
    return rule?.id;
  }
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.map(String) : [];
}
