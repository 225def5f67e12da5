import { listImages } from '../aws/images.ts';
import type { Step } from '../engine/step.ts';
import { differences, rebuiltRecord } from '../fleet/rebuilt-record.ts';
import { unrecorded } from '../fleet/seen-releases.ts';
import type { Services } from '../fleet/services.ts';
import type { ReleaseRecord } from '../ledger/types.ts';

/** Facts of a rebuild, as journaled. */
export interface RebuildState {
  /** Records that were missing when it was planned. */
  missing: ReleaseRecord[];
  /** What existing records say otherwise than the images; a line each. */
  differing: string[];
  /** Versions that the run has added. */
  added: string[];
}

/** What the images tell that the ledger does not know, or knows otherwise. It only reads. */
export async function readMissing({
  fleet,
  aws,
  ledger,
}: Pick<Services, 'fleet' | 'aws' | 'ledger'>): Promise<Pick<RebuildState, 'missing' | 'differing'>> {
  const [images, releases] = await Promise.all([
    listImages(aws.ec2, fleet.app, fleet.environment),
    ledger.releases(fleet.app),
  ]);
  const imaged = releases.filter(({ version }) => images.some((image) => image.version === version));
  return {
    missing: unrecorded(images, releases).map((version) => rebuiltRecord(fleet, images, version)),
    differing: imaged.flatMap((record) =>
      differences(record, rebuiltRecord(fleet, images, record.version)).map((line) => `${record.version}: ${line}`),
    ),
  };
}

/** Adds the records that the ledger lacks, from the tags of the golden images. What it has stays as it is. */
export const rebuildStep: Step<Services, RebuildState> = {
  id: 'rebuild',
  title: 'Add the missing records',
  // What is added is true however the run ends, and a repetition adds the rest.
  commits: true,
  describe: ({ state }) => [
    ...(state.missing.length === 0 ? ['the ledger has a record of every golden image'] : []),
    ...state.missing.map(lineOf),
    ...state.differing.map((line) => `stays as it is: ${line}`),
  ],
  async run(context) {
    const { fleet, ledger } = context.services;
    const { missing, differing } = await readMissing(context.services);
    for (const record of missing) {
      const { version } = record;
      const added = await context.change({ action: 'add-record', target: version, data: { run: record.run } }, () =>
        ledger.addRelease(record),
      );
      if (!added) continue;
      await context.save({ added: [...context.state.added, version] });
      context.note(`added ${lineOf(record)}`);
    }
    for (const line of differing) context.note(`not changed: ${line}`);
    const { length } = context.state.added;
    const count = length === 0 ? 'no record was' : length === 1 ? '1 record was' : `${length} records were`;
    context.note(`${count} missing in the ledger of ${fleet.app} in ${fleet.environment}`);
  },
};

function lineOf({ version, commit, image, knownGood, rolledBackAt, irreversible }: ReleaseRecord): string {
  const marks = [
    ...(knownGood ? ['known-good'] : ['not known-good']),
    ...(rolledBackAt === undefined ? [] : [`rolled back at ${rolledBackAt}`]),
    ...(irreversible === undefined ? [] : ['irreversible']),
  ];
  return `${version} from commit ${commit.slice(0, 12)}: image ${image?.imageId}, ${marks.join(', ')}`;
}
