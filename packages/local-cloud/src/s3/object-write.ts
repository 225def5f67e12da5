import { usualAlgorithm } from './checksum.ts';
import { writeCondition } from './conditions.ts';
import { checkKey } from './names.ts';
import { checksumHeaders, readObjectHeaders, writtenHeaders } from './object-headers.ts';
import type { Operation } from './request.ts';

export const putObject: Operation = async (request, { buckets, now }) => {
  const { key, header, payload } = request;
  const bucket = await buckets.get(request.bucket);
  checkKey(key);
  const check = writeCondition(header, key);
  const described = readObjectHeaders(request);
  const draft = await buckets.drafts.create();
  try {
    const { size, md5, checksum } = await payload.receive((chunk) => draft.write(chunk), usualAlgorithm);
    const version = await bucket.put(draft, { key, size, etag: md5, checksum, ...described }, now(), check);
    return { status: 200, headers: { ...writtenHeaders(version, bucket.facts), ...checksumHeaders(version) } };
  } finally {
    await draft.discard();
  }
};
