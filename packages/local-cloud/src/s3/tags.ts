import { invalidArgument, malformedXml, S3Error } from './error.ts';
import { childText, document, group, parseXml, tag, type XmlElement } from './xml.ts';

/** Tags of a bucket or of a version of an object. */
export type Tags = Record<string, string>;

/** Most tags of each. */
export const mostTags = { object: 10, bucket: 50 } as const;

/** What `x-amz-tagging` says: tags as the query of an address. @throws S3Error `InvalidArgument`, `InvalidTag`, `BadRequest` */
export function tagsOfHeader(header: string | undefined): Tags | undefined {
  if (header === undefined || header === '') return undefined;
  const entries = [...new URLSearchParams(header)];
  if (new Set(entries.map(([key]) => key)).size < entries.length) {
    const message = `The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.`;
    throw invalidArgument('x-amz-tagging', header, message);
  }
  return checked(entries, 'object');
}

/** What a Tagging document says. @throws S3Error `MalformedXML`, `InvalidTag`, `BadRequest` */
export function tagsOfDocument(text: string, of: keyof typeof mostTags): Tags {
  const root = parseXml(text);
  const sets = root.children.filter(({ name }) => name === 'TagSet');
  if (root.name !== 'Tagging' || sets.length !== 1) throw malformedXml();
  return tagsOf(sets[0] ?? root, of);
}

/** The tags in an element. */
export function tagsOf(element: XmlElement, of: keyof typeof mostTags): Tags {
  return checked(element.children.map(readTag), of);
}

export function taggingDocument(tags: Tags): string {
  const rows = Object.entries(tags).map(([key, value]) => group('Tag', tag('Key', key), tag('Value', value)));
  return document('Tagging', group('TagSet', ...rows));
}

function readTag(element: XmlElement): [string, string] {
  const key = childText(element, 'Key');
  const value = childText(element, 'Value');
  if (element.name !== 'Tag' || key === undefined || value === undefined) throw malformedXml();
  return [key, value];
}

function checked(entries: [string, string][], of: keyof typeof mostTags): Tags {
  if (entries.length > mostTags[of]) {
    const message =
      of === 'object' ? 'Object tags cannot be greater than 10' : 'Bucket tag count cannot be greater than 50';
    throw new S3Error('BadRequest', message, 400);
  }
  const tags: Tags = Object.create(null);
  for (const [key, value] of entries) {
    if (key === '' || key.length > 128) throw invalidTag('The TagKey you have provided is invalid', key);
    if (value.length > 256) throw invalidTag('The TagValue you have provided is invalid', key);
    if (key.toLowerCase().startsWith('aws:')) throw invalidTag('System tags cannot be added/updated by requester', key);
    if (Object.hasOwn(tags, key)) throw invalidTag('Cannot provide multiple Tags with the same key', key);
    tags[key] = value;
  }
  return tags;
}

function invalidTag(message: string, key: string): S3Error {
  return new S3Error('InvalidTag', message, 400, { TagKey: key });
}
