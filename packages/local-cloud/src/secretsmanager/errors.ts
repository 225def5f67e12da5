import { CloudError } from '../wire/handler.ts';

export function notFound(message = "Secrets Manager can't find the specified secret."): CloudError {
  return new CloudError('ResourceNotFoundException', message);
}

export function invalidParameter(message: string): CloudError {
  return new CloudError('InvalidParameterException', message);
}

export function invalidRequest(message: string): CloudError {
  return new CloudError('InvalidRequestException', message);
}

export function alreadyThere(message: string): CloudError {
  return new CloudError('ResourceExistsException', message);
}

/** A member of a request that its model does not allow. */
export function constraint(value: string, member: string, problem: string): CloudError {
  return new CloudError(
    'ValidationException',
    `1 validation error detected: Value '${value.slice(0, 200)}' at '${member}' failed to satisfy constraint: ${problem}`,
  );
}
