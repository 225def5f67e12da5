import type { GoldenImage } from '../../aws/images.ts';
import type { ReleaseRecord } from '../../ledger/types.ts';

/**
 * How what runs differs from what the ledger says.
 * `image-missing`: the image that the group launches is gone, or can never be launched. `image-disabled`: it is disabled.
 * `foreign-image`: the group launches an image that is not a release. `other-version`: it launches another release than the ledger says.
 * `template-default`: the default version of the launch template is not the one that the group launches.
 * `instance-image`: instances run another version than the group launches. `instance-version`: an instance is tagged with another version
 * than that of its image. `host-environment`: a host serves another version than its tag says.
 */
export type DriftKind =
  | 'image-missing'
  | 'image-disabled'
  | 'foreign-image'
  | 'other-version'
  | 'template-default'
  | 'instance-image'
  | 'instance-version'
  | 'host-environment';

/** One difference between what runs and what the ledger says. */
export interface Drift {
  kind: DriftKind;
  /** `error`: serving is at risk, as the group cannot replace an instance that fails. */
  severity: 'error' | 'warning';
  /** A sentence without its full stop. */
  message: string;
  /** A command, or a sentence with one. */
  fix: string;
}

/** An instance in service. */
export interface DriftInstance {
  id: string;
  imageId: string;
  /** What it is tagged with. */
  version?: string;
  /** An in-place rollback has switched it: that it differs from its image is known. */
  switched: boolean;
  /** The version that its host answers when it is queried; absent where it was not queried or did not answer. */
  serves?: string;
}

/** All that the comparison depends on. */
export interface DriftFacts {
  app: string;
  /** How the AWS CLI is called for this fleet, e.g. `aws --region eu-west-1`. */
  aws: string;
  group: string;
  /** What the group launches. */
  template: {
    id: string;
    version: string;
    /** Number of the template's default version. */
    standard: string;
    imageId?: string;
    /** The version that it tags instances with. */
    release?: string;
  };
  /** Those that exist, of the template and of the instances; any state. */
  images: readonly GoldenImage[];
  releases: readonly ReleaseRecord[];
  /** Versions of which one serves by the runs in the ledger; empty when the ledger does not tell. */
  expected: readonly string[];
  instances: readonly DriftInstance[];
  /** A run is active on the fleet, or was interrupted: then only the image says something. */
  busy: boolean;
}

/** So many instances are named one by one. */
const named = 3;

/** Compares what runs with what the ledger says, the worst first. A function of its facts alone: every command asks it. */
export function findDrifts(facts: DriftFacts): Drift[] {
  const image = imageDrift(facts);
  if (facts.busy) return image;
  return [...image, ...launchedDrift(facts), ...defaultDrift(facts), ...instanceDrift(facts)];
}

/** Whether an image is there and can be launched; what has not been made yet cannot. */
function imageDrift({ app, group, template: { imageId, release }, images }: DriftFacts): Drift[] {
  if (imageId === undefined) return [];
  const image = images.find((one) => one.imageId === imageId);
  if (image?.state === 'available') return [];
  const disabled = image?.state === 'disabled';
  const of = image?.version ?? release;
  return [
    {
      kind: disabled ? 'image-disabled' : 'image-missing',
      severity: 'error',
      message: `image ${imageId}${of === undefined ? '' : ` of ${of}`}, which ${group} launches, is ${image?.state ?? 'gone'}: no instance can be launched`,
      fix: `pipeline repair ${app}`,
    },
  ];
}

/** Whether the image that the group launches is the one of the release that the ledger says. */
function launchedDrift(facts: DriftFacts): Drift[] {
  const { app, group, template, images, releases, expected } = facts;
  const image = images.find((one) => one.imageId === template.imageId);
  const wanted = expected[0] ?? lastGood(releases);
  if (!image || wanted === undefined) return [];
  const version = launchedVersion(facts);
  const ledgerSays =
    expected.length > 0
      ? `by the ledger ${expected.join(' or ')} serves`
      : `the last known-good release is ${wanted}, and no run in the ledger tells what serves`;
  const back = backTo(facts, wanted);
  if (version === undefined) {
    return [
      {
        kind: 'foreign-image',
        severity: 'warning',
        message: `${group} launches image ${image.imageId}${image.name && ` (${image.name})`}, which is not a release of ${app}; ${ledgerSays}`,
        fix: `${back === undefined ? '' : `${back}; or `}replace it by a release: pipeline release ${app}`,
      },
    ];
  }
  if (expected.length === 0 || expected.includes(version)) return [];
  // Which releases there are is another question, and has another fix.
  if (!releases.some((one) => one.version === version)) return [];
  return [
    {
      kind: 'other-version',
      severity: 'warning',
      message: `${group} launches ${version} (version ${template.version} of ${template.id}), but ${ledgerSays}`,
      fix: back ?? `release what is to serve: pipeline release ${app}`,
    },
  ];
}

/** The newest release that was known-good and not rolled back. @param releases Oldest first. */
function lastGood(releases: readonly ReleaseRecord[]): string | undefined {
  return releases.findLast(({ knownGood, rolledBackAt }) => knownGood && rolledBackAt === undefined)?.version;
}

/** The command that leads back to a version, where its image is not known to be gone. */
function backTo({ app, releases }: DriftFacts, version: string): string | undefined {
  const image = releases.find((one) => one.version === version)?.image;
  return image && !image.deletedAt ? `go back to ${version}: pipeline fast-rollback ${app} ${version}` : undefined;
}

function defaultDrift({ aws, group, template, releases }: DriftFacts): Drift[] {
  const { id, version, standard } = template;
  // Before the first release it is the infrastructure's.
  if (standard === version || !releases.some((one) => one.knownGood)) return [];
  return [
    {
      kind: 'template-default',
      severity: 'warning',
      message: `${group} launches version ${version} of ${id}, but its default version is ${standard}`,
      fix: `${aws} ec2 modify-launch-template --launch-template-id ${id} --default-version ${version}`,
    },
  ];
}

/** Instances that do not run what the group launches, by what they run; and those whose tag or host says something else. */
function instanceDrift(facts: DriftFacts): Drift[] {
  const { app, group, instances } = facts;
  const launched = launchedVersion(facts);
  const others = new Map<string, string[]>();
  const found: Drift[] = [];
  for (const one of instances) {
    const { id, version, serves } = one;
    const ofImage = instanceVersion(facts, one);
    const differs = ofImage !== launched || (ofImage === undefined && one.imageId !== facts.template.imageId);
    if (!one.switched && differs) {
      const what = ofImage ?? `image ${one.imageId}, which is not a release`;
      others.set(what, [...(others.get(what) ?? []), id]);
    } else if (!one.switched && ofImage !== undefined && version !== ofImage) {
      found.push({
        kind: 'instance-version',
        severity: 'warning',
        message: `${id} of ${group} is tagged ${version || 'with no version'}, but its image is that of ${ofImage}`,
        fix: replace(facts.aws, id),
      });
    }
    if (serves !== undefined && version && serves !== version) {
      found.push({
        kind: 'host-environment',
        severity: 'warning',
        message: `${id} of ${group} serves ${serves}, but it is tagged ${version}`,
        fix: replace(facts.aws, id),
      });
    }
  }
  const behind = [...others].map(([what, ids]): Drift => {
    const count = `${ids.length} of ${instances.length} instances of ${group} ${ids.length === 1 ? 'runs' : 'run'} ${what} (${listed(ids)})`;
    return {
      kind: 'instance-image',
      severity: 'warning',
      message: `${count}, but the group launches ${launched ?? `image ${facts.template.imageId}`}`,
      fix:
        launched === undefined
          ? `replace them all: pipeline release ${app}`
          : `replace them: pipeline fast-rollback ${app} ${launched} --method rolling`,
    };
  });
  return [...behind, ...found];
}

/** Ends an instance; the group launches one from its image in its place. */
const replace = (aws: string, id: string): string =>
  `replace it: ${aws} autoscaling terminate-instance-in-auto-scaling-group --instance-id ${id} --no-should-decrement-desired-capacity`;

function listed(ids: readonly string[]): string {
  const more = ids.length - named;
  return `${ids.slice(0, named).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The release that the group launches; of an image that is gone what the template says. Undefined for an image that is not a release. */
export function launchedVersion({
  template: { imageId, release },
  images,
  releases,
}: Pick<DriftFacts, 'template' | 'images' | 'releases'>): string | undefined {
  return versionOfImage({ images, releases }, imageId, release);
}

/** The release of an instance's image; of an image that is gone what the instance is tagged with. */
export function instanceVersion(
  facts: Pick<DriftFacts, 'images' | 'releases'>,
  { imageId, version }: Pick<DriftInstance, 'imageId' | 'version'>,
): string | undefined {
  return versionOfImage(facts, imageId, version || undefined);
}

function versionOfImage(
  { images, releases }: Pick<DriftFacts, 'images' | 'releases'>,
  imageId: string | undefined,
  otherwise: string | undefined,
): string | undefined {
  const image = images.find((one) => one.imageId === imageId);
  const recorded = releases.find((one) => imageId !== undefined && one.image?.imageId === imageId)?.version;
  return recorded ?? (image ? image.version : otherwise);
}
