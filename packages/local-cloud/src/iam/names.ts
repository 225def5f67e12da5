import { randomBytes } from 'node:crypto';
import { account } from '../settings.ts';
import type { CloudError } from '../wire/handler.ts';
import { brokenConstraint } from '../wire/refusals.ts';
import { validationError } from './errors.ts';

const namePattern = /^[\w+=,.@-]+$/;
const pathPattern = /^\/(?:[\x21-\x7e]*\/)?$/;

/** @throws CloudError `ValidationError` for a name that IAM does not take */
export function checkName(name: string, member: string, longest: number): string {
  if (name.length > longest) throw constraint(name, member, `Member must have length less than or equal to ${longest}`);
  if (!namePattern.test(name)) {
    throw validationError(
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  }
  return name;
}

/** @throws CloudError `ValidationError` for a path that does not begin and end with a slash */
export function checkPath(path = '/'): string {
  if (path.length <= 512 && pathPattern.test(path)) return path;
  throw validationError(
    'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  );
}

/** @throws CloudError `ValidationError` */
export function constraint(value: string, member: string, problem: string): CloudError {
  return validationError(brokenConstraint(member, value, problem));
}

/** A unique id as IAM gives them out: a prefix of the kind and 17 letters and digits. */
export function uniqueId(prefix: 'AROA' | 'AIPA' | 'ANPA' | 'ASIA', length = 21): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const random = [...randomBytes(length - prefix.length)].map((byte) => letters[byte % letters.length]);
  return prefix + random.join('');
}

export function arnOf(kind: 'role' | 'instance-profile' | 'policy', { path, name }: { path: string; name: string }) {
  return `arn:aws:iam::${account.id}:${kind}${path}${name}`;
}
