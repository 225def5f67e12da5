import type { CloudError } from '../wire/handler.ts';
import { brokenConstraint, refusals } from '../wire/refusals.ts';

/** A value that Parameter Store does not take. */
export const invalid = refusals('ValidationException');

/** A member of a request that its model does not allow. */
export function constraint(value: string, member: string, problem: string): CloudError {
  return invalid(brokenConstraint(member, value, problem));
}
