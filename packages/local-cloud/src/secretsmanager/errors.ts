import type { CloudError } from '../wire/handler.ts';
import { brokenConstraint, refusals } from '../wire/refusals.ts';

const resourceNotFound = refusals('ResourceNotFoundException');

export function notFound(message = "Secrets Manager can't find the specified secret."): CloudError {
  return resourceNotFound(message);
}

export const invalidParameter = refusals('InvalidParameterException');

export const invalidRequest = refusals('InvalidRequestException');

export const alreadyThere = refusals('ResourceExistsException');

const validation = refusals('ValidationException');

/** A member of a request that its model does not allow. */
export function constraint(value: string, member: string, problem: string): CloudError {
  return validation(brokenConstraint(member, value, problem));
}
