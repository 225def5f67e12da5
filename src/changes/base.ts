import { PipelineError } from '@golden-pipeline/shared/errors';
import { type BaseImage, listBaseImages } from '../aws/base-images.ts';
import type { AwsClients } from '../aws/clients.ts';
import { resolveBaseImage } from '../aws/images.ts';
import type { Fleet } from '../config/settings.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { baseOf } from './base-of.ts';

/** A base image, as far as the cloud still knows it. */
export interface Base {
  imageId: string;
  /** Null where the image is gone, or the cloud was not asked. */
  name: string | null;
  /** ISO time. */
  builtAt: string | null;
}

/** The base images under two versions, or under the one that serves and the one that would be released. */
export interface BaseChange {
  /** Null where the ledger does not know it. */
  from: Base | null;
  to: Base | null;
  /** The newest one, where it is newer than `to`. */
  newer: Base | null;
}

/** What the base images are read from; without `aws` only their ids are known. */
interface Ports {
  fleet: Pick<Fleet, 'instance'>;
  aws?: Pick<AwsClients, 'ec2'>;
}

/**
 * Reads which base image is under a version and which one under another, or under a release of it: that builds on the image of the version
 * that serves, so it has the same base. The first one, and one with `--from-base`, gets the newest.
 * @param request.to A version; without it what a release gets; null for what is not known.
 * @param request.fromBase The base image that a release was requested to start from.
 */
export async function readBaseChange(
  { fleet, aws }: Ports,
  releases: readonly ReleaseRecord[],
  { from, to, fromBase }: { from?: string; to?: string | null; fromBase?: string },
): Promise<BaseChange> {
  const bases = baseOf(releases);
  const newest = aws && (await resolveBaseImage(aws.ec2, fleet.instance.baseImage).catch(absent));
  const below = from === undefined ? undefined : bases.get(from);
  const released = fromBase ?? (from === undefined ? newest?.imageId : below);
  const above = to === undefined ? released : to === null ? undefined : bases.get(to);
  const ids = [below, above, newest?.imageId].filter((id) => id !== undefined);
  const known = aws && ids.length > 0 ? await listBaseImages(aws.ec2, [...new Set(ids)]) : [];
  const base = (id: string | undefined) => (id === undefined ? null : toBase(id, known));
  const target = base(above);
  const latest = base(newest?.imageId);
  const isNewer = latest?.imageId !== target?.imageId && (latest?.builtAt ?? '') > (target?.builtAt ?? '');
  return { from: base(below), to: target, newer: target && latest && isNewer ? latest : null };
}

/** No base image of that name is an answer, too; what the cloud refuses is none. */
function absent(error: unknown): undefined {
  if (error instanceof PipelineError && error.code === 'image.no-base') return undefined;
  throw error;
}

function toBase(imageId: string, known: readonly BaseImage[]): Base {
  const found = known.find((one) => one.imageId === imageId);
  return { imageId, name: found?.name || null, builtAt: found?.createdAt || null };
}

/** `golden-base-1 (ami-1, built 2026-11-01)`, without a full stop. */
export function describeBase({ imageId, name, builtAt }: Base): string {
  const built = builtAt === null ? '' : `, built ${builtAt.slice(0, 10)}`;
  return name === null ? `${imageId}${built}` : `${name} (${imageId}${built})`;
}

/** One line: the base image, what it replaces, and a newer one that is not used. */
export function describeBaseChange({ from, to, newer }: BaseChange): string {
  const later = newer ? `; ${describeBase(newer)} is newer: --from-base` : '';
  if (!to) return `base image: not known${later}`;
  if (!from) return `base image: ${describeBase(to)}${later}`;
  const kept = from.imageId === to.imageId;
  return kept
    ? `base image: ${describeBase(to)}, no change${later}`
    : `base image: ${describeBase(from)} -> ${describeBase(to)}${later}`;
}
