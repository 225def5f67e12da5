import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Bucket, type BucketFacts } from './bucket.ts';
import { type Drafts, openDrafts } from './drafts.ts';
import { noSuchBucket, S3Error } from './error.ts';

/** All buckets of the account, kept under one folder. */
export interface Buckets {
  readonly drafts: Drafts;
  /** Sorted by name. */
  list(): BucketFacts[];
  /** @throws S3Error `NoSuchBucket` */
  get(name: string): Promise<Bucket>;
  find(name: string): BucketFacts | undefined;
  /** @throws S3Error `BucketAlreadyOwnedByYou`, or `OperationAborted` while another makes it */
  create(facts: BucketFacts): Promise<void>;
  /** Replaces what is kept of a bucket. */
  update(bucket: Bucket, facts: BucketFacts): Promise<void>;
  /** @throws S3Error `BucketNotEmpty`, for versions and delete markers too */
  delete(name: string): Promise<void>;
}

/** Opens `folder`, made if missing. Objects are read when their bucket is first asked for. */
export async function openBuckets(folder: string, report: (error: unknown) => void): Promise<Buckets> {
  const home = join(folder, 'buckets');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const drafts = await openDrafts(join(folder, 'drafts'));
  const buckets = new Map<string, Bucket>();
  const making = new Set<string>();
  for (const name of await readdir(home)) {
    const facts = await readBucket(join(home, name)).catch(report);
    if (facts?.name === name) buckets.set(name, new Bucket(join(home, name), facts, report));
  }

  const writeFacts = async (folder: string, facts: BucketFacts): Promise<void> => {
    const draft = await drafts.create();
    try {
      await draft.finish(Buffer.from(`${JSON.stringify(facts)}\n`));
      await rename(draft.path, join(folder, 'bucket.json'));
    } finally {
      await draft.discard();
    }
  };

  return {
    drafts,
    list: () => [...buckets.values()].map(({ facts }) => facts).sort((a, b) => (a.name < b.name ? -1 : 1)),
    find: (name) => buckets.get(name)?.facts,
    async get(name) {
      const bucket = buckets.get(name);
      if (!bucket) throw noSuchBucket(name);
      await bucket.load();
      return bucket;
    },
    async create(facts) {
      const { name } = facts;
      if (buckets.has(name)) throw alreadyOwned(name);
      if (making.has(name)) throw aborted();
      making.add(name);
      // Whole and at once: a folder without its facts would be no bucket.
      const aside = join(drafts.folder, randomUUID());
      try {
        await mkdir(join(aside, 'objects'), { recursive: true, mode: 0o700 });
        await writeFacts(aside, facts);
        // Only what is not a bucket can stand there: a damaged one, which was reported when it was read.
        await rename(aside, join(home, name));
        buckets.set(name, new Bucket(join(home, name), facts, report));
      } finally {
        making.delete(name);
        await rm(aside, { recursive: true, force: true });
      }
    },
    async update(bucket, facts) {
      if (bucket.gone) throw noSuchBucket(facts.name);
      await writeFacts(join(home, facts.name), facts);
      bucket.facts = facts;
    },
    async delete(name) {
      const bucket = buckets.get(name);
      if (!bucket) throw noSuchBucket(name);
      await bucket.load();
      if (bucket.gone) throw noSuchBucket(name);
      if (!bucket.index.isEmpty || bucket.busy > 0) throw notEmpty(name);
      // From here on nobody can write into it.
      bucket.gone = true;
      making.add(name);
      buckets.delete(name);
      try {
        const aside = join(drafts.folder, randomUUID());
        await rename(join(home, name), aside);
        await rm(aside, { recursive: true, force: true });
      } finally {
        making.delete(name);
      }
    },
  };
}

async function readBucket(folder: string): Promise<BucketFacts> {
  return JSON.parse(await readFile(join(folder, 'bucket.json'), 'utf8')) as BucketFacts;
}

function alreadyOwned(name: string): S3Error {
  const message = 'Your previous request to create the named bucket succeeded and you already own it.';
  return new S3Error('BucketAlreadyOwnedByYou', message, 409, { BucketName: name });
}

function aborted(): S3Error {
  const message =
    'A conflicting conditional operation is currently in progress against this resource. Please try again.';
  return new S3Error('OperationAborted', message, 409);
}

function notEmpty(name: string): S3Error {
  return new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, { BucketName: name });
}
