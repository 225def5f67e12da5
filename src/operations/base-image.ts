import { type BaseImage, listBaseImages } from '../aws/base-images.ts';
import type { AwsTarget } from '../aws/clients.ts';
import { findImageByName, resolveBaseImage } from '../aws/images.ts';
import { packerBuild } from '../hosts/packer.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import type { Clock } from '../shared/clock.ts';
import { PipelineError } from '../shared/errors.ts';
import type { Services } from '../steps/services.ts';

const dayMs = 86_400_000;

/** How long Packer waits for an image at most, in seconds. */
const imageLimit = 3600;

/** What a build has made. */
export interface BuiltBase {
  imageId: string;
  name: string;
  source: string;
  seconds: number;
}

/**
 * Builds the base image in the fleet's region, on what `instance.baseSource` names.
 * @throws PipelineError `image.no-base` when that is not there, and those of {@link packerBuild}.
 */
export async function buildBase(
  services: Services & { target: AwsTarget },
  clock: Clock,
  watch: { onLine: (line: string) => void; signal?: AbortSignal },
): Promise<BuiltBase> {
  const { fleet, aws, target } = services;
  const { instance, ssh } = fleet;
  const began = clock.now();
  const source = await resolveBaseImage(aws.ec2, instance.baseSource ?? instance.baseImage);
  const name = `golden-base-${new Date(began).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  // Packer asks no more often than every whole second.
  const every = Math.max(1, Math.ceil(fleet.release.pollSeconds));
  await packerBuild({
    ...watch,
    projectDir: fleet.projectDir,
    workDir: services.workDir,
    variables: {
      name,
      region: target.region,
      endpoint: target.endpoint ?? '',
      source_image: source.imageId,
      created_by: services.by,
      instance_type: instance.type,
      subnet_id: instance.subnetIds[0] ?? '',
      ssh_user: ssh.user,
      ssh_port: String(ssh.port),
      become: String(ssh.become),
    },
    env: {
      ...(target.credentials && {
        AWS_ACCESS_KEY_ID: target.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: target.credentials.secretAccessKey,
      }),
      AWS_POLL_DELAY_SECONDS: String(every),
      AWS_MAX_ATTEMPTS: String(Math.ceil(imageLimit / every)),
    },
  });
  const image = await findImageByName(aws.ec2, name);
  if (!image) throw new PipelineError('image.no-base', `Packer has ended well, but there is no image called ${name}`);
  return { imageId: image.imageId, name, source: source.imageId, seconds: (clock.now() - began) / 1000 };
}

/** A base image and what is built on it. */
export interface BaseStatus extends Omit<BaseImage, 'source'> {
  /** `gone` images have neither name nor age. */
  ageDays: number | null;
  source: string | null;
  /** New fleets start from it. */
  current: boolean;
  old: boolean;
  /** Versions with an image, oldest first. */
  releases: string[];
}

export interface BaseReport {
  app: string;
  environment: string;
  images: BaseStatus[];
  warnings: string[];
}

/** The base images of an app's region, newest first, with the releases that come from each. @param now milliseconds since the epoch */
export async function readBase(services: Services, now: number): Promise<BaseReport> {
  const { fleet, aws, ledger } = services;
  const { baseImage, baseImageMaxAgeDays: limit } = fleet.instance;
  const [releases, current] = await Promise.all([
    ledger.releases(fleet.app),
    resolveBaseImage(aws.ec2, baseImage).catch(absent),
  ]);
  const built = baseOf(releases);
  const known = await listBaseImages(aws.ec2, [...new Set([...built.values(), ...(current ? [current.imageId] : [])])]);
  const gone = [...new Set(built.values())].filter((id) => !known.some((image) => image.imageId === id));
  const images = [...known, ...gone.map((imageId) => ({ imageId, name: '', state: 'gone', createdAt: '' }))].map(
    (image: BaseImage): BaseStatus => {
      const ageDays = image.createdAt === '' ? null : Math.floor((now - Date.parse(image.createdAt)) / dayMs);
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
  const { app, environment } = fleet;
  return { app, environment, images, warnings: warnings(images, baseImage, limit, [...built.keys()].at(-1)) };
}

function warnings(images: BaseStatus[], wanted: string, limit: number, newest?: string): string[] {
  const current = images.find((image) => image.current);
  const under = images.find((image) => newest !== undefined && image.releases.includes(newest));
  const limited = `instance.baseImageMaxAgeDays is ${limit}`;
  return [
    current ? '' : `no available base image is called "${wanted}": pipeline base build`,
    current?.old ? `${current.name} is ${current.ageDays} days old (${limited}): pipeline base build` : '',
    under?.state === 'gone' ? `${newest} is built on ${under.imageId}, which is gone: how old it was is not known` : '',
    under?.old && under !== current
      ? `${newest} is built on ${under.name}, ${under.ageDays} days old (${limited})`
      : '',
  ].filter(Boolean);
}

/** Base image of each release that has an image, oldest first: releases are built on one another, the first on the base. */
export function baseOf(releases: readonly ReleaseRecord[]): Map<string, string> {
  const below = new Map(releases.flatMap(({ image, baseImageId }) => (image ? [[image.imageId, baseImageId]] : [])));
  const bases = new Map<string, string>();
  for (const { version, image } of releases) {
    if (!image || image.deletedAt) continue;
    const seen = new Set<string>();
    let at: string | undefined = image.imageId;
    while (at !== undefined && below.has(at) && !seen.has(at)) {
      seen.add(at);
      at = below.get(at);
    }
    if (at !== undefined && !seen.has(at)) bases.set(version, at);
  }
  return bases;
}

function absent(error: unknown): undefined {
  if (error instanceof PipelineError && error.code === 'image.no-base') return undefined;
  throw error;
}
