import { randomUUID } from 'node:crypto';
import type { SecretRecord, SecretVersion, Tags } from '../model.ts';
import { alreadyThere, constraint, invalidParameter } from './errors.ts';

/** A value as requests bring it. */
export interface ValueInput {
  SecretString?: string;
  SecretBinary?: Uint8Array;
  ClientRequestToken?: string;
}
export type TagInput = { Key?: string; Value?: string }[];

/** Bytes of a value at most. */
const mostBytes = 65_536;
const mostTags = 50;

/** @throws CloudError `InvalidParameterException` for a name that Secrets Manager does not take */
export function checkName(name: string): string {
  if (/^[\w/+=.@!-]{1,512}$/.test(name)) return name;
  throw invalidParameter(
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );
}

/**
 * The value that a request brings; undefined when it brings none.
 * @throws CloudError for a text and bytes at once, and for what is too long
 */
export function readValue(input: ValueInput): Pick<SecretVersion, 'text' | 'bytes'> | undefined {
  const { SecretString: text, SecretBinary: bytes } = input;
  if (text !== undefined && bytes !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (text !== undefined) {
    checkSize(Buffer.byteLength(text), 'secretString');
    return { text };
  }
  if (bytes === undefined) return undefined;
  checkSize(bytes.length, 'secretBinary');
  return { bytes: Buffer.from(bytes).toString('base64') };
}

/** The value stays out of the refusal. */
function checkSize(bytes: number, member: string): void {
  if (bytes === 0) throw constraint('', member, 'Member must have length greater than or equal to 1');
  if (bytes > mostBytes) throw constraint('...', member, `Member must have length less than or equal to ${mostBytes}`);
}

/** The id that a new version gets: the request's token. */
export function versionId({ ClientRequestToken: token }: ValueInput): string {
  if (token === undefined) return randomUUID();
  if (token.length >= 32 && token.length <= 64) return token;
  throw constraint(token, 'clientRequestToken', 'Member must have length between 32 and 64');
}

/**
 * Whether the version is there already with this very value: then the request is a repetition.
 * @throws CloudError `ResourceExistsException` when it is there with another value
 */
export function isRepeated(record: SecretRecord, id: string, value: Pick<SecretVersion, 'text' | 'bytes'>): boolean {
  const present = record.versions.find((one) => one.id === id);
  if (!present) return false;
  if (present.text === value.text && present.bytes === value.bytes) return true;
  throw alreadyThere("You can't modify an existing version, you can only create a new version.");
}

/** @throws CloudError `InvalidParameterException` for more than fifty tags, reserved and too long ones */
export function withTags(present: Tags, list: TagInput = []): Tags {
  for (const { Key: key = '', Value: value = '' } of list) {
    if (key === '' || key.length > 128 || value.length > 256 || /^aws:/i.test(key)) {
      throw invalidParameter(`The tag ${JSON.stringify(key.slice(0, 200))} is not valid.`);
    }
  }
  const tags = { ...present, ...Object.fromEntries(list.map(({ Key = '', Value = '' }) => [Key, Value])) };
  if (Object.keys(tags).length > mostTags) throw invalidParameter(`A secret can have at most ${mostTags} tags.`);
  return tags;
}
