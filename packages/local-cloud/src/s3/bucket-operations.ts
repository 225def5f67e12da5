import { findRegion } from '../regions.ts';
import { account } from '../settings.ts';
import { invalidArgument, malformedXml, notImplemented, S3Error } from './error.ts';
import { checkBucketName } from './names.ts';
import { refuseUnserved } from './object-headers.ts';
import type { Operation } from './request.ts';
import { type Tags, tagsOf } from './tags.ts';
import { childText, document, escapeText, group, parseXml, tag } from './xml.ts';

/** Most buckets on one page. */
const mostBuckets = 10_000;

/** The region that has no constraint. */
const unconstrained = 'us-east-1';

export const createBucket: Operation = async (request, { buckets, now }) => {
  const { bucket: name, region, header, payload } = request;
  checkBucketName(name);
  refuseUnserved(request);
  if (header('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') throw notImplemented('object lock');
  const { region: home, tags } = readConfiguration(await payload.text(), region);
  const owned = buckets.find(name);
  // The oldest region answers as if it had made the bucket, once more.
  if (!(region === unconstrained && owned?.region === region && home === region))
    await buckets.create({ name, region: home, createdAt: now(), ...(tags && { tags }) });
  return { status: 200, headers: { location: `/${name}` } };
};

export const headBucket: Operation = async ({ bucket }, { buckets }) => {
  const { facts } = await buckets.get(bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': facts.region, 'x-amz-access-point-alias': 'false' } };
};

export const deleteBucket: Operation = async ({ bucket }, { buckets, uploads }) => {
  await buckets.delete(bucket);
  await uploads.endAll(bucket);
  return { status: 204 };
};

export const getBucketLocation: Operation = async ({ bucket }, { buckets }) => {
  const { region } = (await buckets.get(bucket)).facts;
  return { status: 200, body: document('LocationConstraint', region === unconstrained ? '' : escapeText(region)) };
};

export const getBucketVersioning: Operation = async ({ bucket }, { buckets }) => {
  const { versioning } = (await buckets.get(bucket)).facts;
  return { status: 200, body: document('VersioningConfiguration', tag('Status', versioning)) };
};

export const putBucketVersioning: Operation = async ({ bucket: name, payload }, { buckets }) => {
  const bucket = await buckets.get(name);
  const root = parseXml(await payload.text());
  if (root.name !== 'VersioningConfiguration') throw malformedXml();
  const status = childText(root, 'Status')?.trim();
  if (childText(root, 'MfaDelete')?.trim() === 'Enabled') throw notImplemented('MFA delete');
  if (status !== 'Enabled' && status !== 'Suspended') {
    const message = 'The Versioning element must be specified';
    throw new S3Error('IllegalVersioningConfigurationException', message, 400);
  }
  await buckets.update(bucket, { ...bucket.facts, versioning: status });
  return { status: 200 };
};

export const listBuckets: Operation = async ({ query }, { buckets }) => {
  const prefix = query.get('prefix') ?? '';
  const region = query.get('bucket-region');
  const after = query.get('continuation-token') ?? '';
  const most = pageSize(query.get('max-buckets'));
  const all = buckets.list().filter((bucket) => bucket.name.startsWith(prefix) && bucket.name > after);
  const fitting = all.filter((bucket) => region === undefined || bucket.region === region);
  const page = fitting.slice(0, most);
  const entries = page.map(({ name, createdAt, region }) =>
    group(
      'Bucket',
      tag('Name', name),
      tag('CreationDate', new Date(createdAt).toISOString()),
      tag('BucketRegion', region),
    ),
  );
  const body = document(
    'ListAllMyBucketsResult',
    group('Owner', tag('ID', owner.id)),
    group('Buckets', ...entries),
    tag('ContinuationToken', fitting.length > most ? page.at(-1)?.name : undefined),
    tag('Prefix', query.get('prefix')),
  );
  return { status: 200, body };
};

/** Canonical user id of the account: 64 hexadecimal digits, as AWS has them. */
export const owner = { id: account.id.padStart(64, '0') };

/**
 * Where a bucket is to be, and its tags. In every region but the oldest the constraint must be there and say the region of the request;
 * the oldest one makes buckets of all regions, and its own without a constraint.
 */
function readConfiguration(body: string, region: string): { region: string; tags?: Tags } {
  const root = body.trim() === '' ? undefined : parseXml(body);
  if (root && root.name !== 'CreateBucketConfiguration') throw malformedXml();
  if (root?.children.some(({ name }) => name === 'Location' || name === 'Bucket')) {
    throw notImplemented('directory buckets');
  }
  const set = root?.children.find(({ name }) => name === 'Tags');
  const tags = set && tagsOf(set, 'bucket');
  const constraint = (root && childText(root, 'LocationConstraint')?.trim()) || undefined;
  // The oldest constraint has a name of its own.
  const wanted = constraint === 'EU' ? 'eu-west-1' : (constraint ?? unconstrained);
  if (wanted === region && (constraint === undefined || region !== unconstrained)) return { region, tags };
  if (constraint !== undefined && (!findRegion(wanted) || wanted === unconstrained)) {
    throw new S3Error('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
      LocationConstraint: constraint,
    });
  }
  if (region === unconstrained) return { region: wanted, tags };
  const message = `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`;
  throw new S3Error('IllegalLocationConstraintException', message, 400);
}

function pageSize(text: string | undefined): number {
  if (text === undefined) return mostBuckets;
  const most = Number(text);
  if (/^\d+$/.test(text) && most >= 1 && most <= mostBuckets) return most;
  throw invalidArgument('max-buckets', text, `max-buckets must be from 1 to ${mostBuckets}`);
}
