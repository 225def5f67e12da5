import { CloudError } from '../wire/handler.ts';
import { refusals } from '../wire/refusals.ts';

/** The thing that a call names is not there. */
export const noSuchEntity = refusals('NoSuchEntity', 404);

export function alreadyExists(kind: string, name: string): CloudError {
  return new CloudError('EntityAlreadyExists', `${kind} with name ${name} already exists.`, 409);
}

/** Something else still hangs on what is to be deleted. */
export function deleteConflict(first: string): CloudError {
  return new CloudError('DeleteConflict', `Cannot delete entity, must ${first} first.`, 409);
}

export function limitExceeded(quota: string, limit: number): CloudError {
  return new CloudError('LimitExceeded', `Cannot exceed quota for ${quota}: ${limit}`, 409);
}

export const validationError = refusals('ValidationError');

export const malformedPolicy = refusals('MalformedPolicyDocument');
