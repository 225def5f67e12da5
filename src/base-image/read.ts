import { PipelineError } from '@golden-pipeline/shared/errors';
import { type BaseImage, listBaseImages } from '../aws/base-images.ts';
import { resolveBaseImage } from '../aws/images.ts';
import { baseOf } from '../changes/base-of.ts';
import { observeFleet } from '../fleet/observe.ts';
import type { Services } from '../fleet/services.ts';
import { dayMs } from '../shared/duration.ts';
import { type Instant, parseInstant } from '../shared/instant.ts';

/** A base image and what is built on it. */
export interface BaseStatus extends Omit<BaseImage, 'source'> {
  /** `gone` images have neither name nor age. */
  ageDays: number | null;
  source: string | null;
  /** New fleets start from it, and releases with `--from-base`. */
  current: boolean;
  old: boolean;
  /** Versions with an image, oldest first. */
  releases: string[];
}

export interface BaseReport {
  app: string;
  environment: string;
  /** The release whose base is evaluated: the one that serves, or the newest where no fleet is there; null without releases. */
  version: string | null;
  images: BaseStatus[];
  warnings: string[];
}

/** What is wrong with the base images, and the commands that fix it. */
export interface BaseFinding {
  message: string;
  fix: string;
}

/** The base images of an app's region, newest first, with the releases that come from each. @param now milliseconds since the epoch */
export async function readBase(services: Services, now: number): Promise<BaseReport> {
  const { app, environment } = services.fleet;
  const { version, images, findings } = await evaluateBase(services, now);
  return { app, environment, version, images, warnings: findings.map(({ message, fix }) => `${message}: ${fix}`) };
}

/** As {@link readBase}, with messages and fixes apart. */
export async function evaluateBase(
  services: Services,
  now: number,
): Promise<Pick<BaseReport, 'version' | 'images'> & { findings: BaseFinding[] }> {
  const { fleet, aws, ledger } = services;
  const { baseImage, baseImageMaxAgeDays: limit } = fleet.instance;
  const [releases, current, serving] = await Promise.all([
    ledger.releases(fleet.app),
    resolveBaseImage(aws.ec2, baseImage).catch(absent),
    observeFleet(services).then(({ facts }) => facts.current.version, absent),
  ]);
  const built = baseOf(releases);
  const known = await listBaseImages(aws.ec2, [...new Set([...built.values(), ...(current ? [current.imageId] : [])])]);
  const gone = [...new Set(built.values())].filter((id) => !known.some((image) => image.imageId === id));
  const images = [...known, ...gone.map((imageId) => ({ imageId, name: '', state: 'gone', createdAt: '' }))].map(
    (image: BaseImage): BaseStatus => {
      const ageDays = ageInDays(image.createdAt, now);
      return {
        ...image,
        source: image.source ?? null,
        ageDays,
        current: image.imageId === current?.imageId,
        old: ageDays !== null && ageDays >= limit,
        releases: [...built].filter(([, id]) => id === image.imageId).map(([version]) => version),
      };
    },
  );
  const version = serving ?? [...built.keys()].at(-1) ?? null;
  const commit = releases.find((release) => release.version === version)?.commit;
  // The same commit: a newer system must not bring code along that nobody meant to release.
  const release = `pipeline release ${fleet.app} --from-base${commit ? ` --ref ${commit.slice(0, 12)}` : ''}`;
  return { version, images, findings: findingsOf(images, { wanted: baseImage, limit, version, release }) };
}

interface EvaluatedBases {
  /** `instance.baseImage`. */
  wanted: string;
  /** Days. */
  limit: number;
  version: string | null;
  /** Command that gets the newest base image under the fleet. */
  release: string;
}

function findingsOf(images: BaseStatus[], { wanted, limit, version, release }: EvaluatedBases): BaseFinding[] {
  const build = 'pipeline base build';
  const found: BaseFinding[] = [];
  const current = images.find((image) => image.current);
  const under = images.find((image) => version !== null && image.releases.includes(version));
  const limited = `instance.baseImageMaxAgeDays is ${limit}`;
  const age = (image: BaseStatus) => `${image.ageDays} ${image.ageDays === 1 ? 'day' : 'days'} old`;
  if (!current) found.push({ message: `no available base image is called "${wanted}"`, fix: build });
  else if (current.old) {
    const fix = under ? `${build}, then ${release}` : build;
    found.push({ message: `${current.name} is ${age(current)} (${limited})`, fix });
  }
  if (!under || under === current) return found;
  const fix = current && !current.old ? release : `${build}, then ${release}`;
  if (under.state === 'gone') {
    found.push({
      message: `${version} is built on ${under.imageId}, which is gone: how old it was is not known`,
      fix,
    });
  } else if (under.old) {
    found.push({ message: `${version} is built on ${under.name}, ${age(under)} (${limited})`, fix });
  } else if (current && current.createdAt > under.createdAt) {
    found.push({ message: `${version} is built on ${under.name}, and ${current.name} is newer`, fix });
  }
  return found;
}

/** No base image of that name, or no fleet yet: an answer too. What the cloud refuses is none. */
function absent(error: unknown): undefined {
  if (error instanceof PipelineError && !error.code.startsWith('aws.')) return undefined;
  throw error;
}

/** Null for an image whose age is not known. */
function ageInDays(createdAt: string, now: Instant): number | null {
  const created = parseInstant(createdAt);
  return created === undefined ? null : Math.floor((now - created) / dayMs);
}
