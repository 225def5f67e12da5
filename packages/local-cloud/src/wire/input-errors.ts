import { CloudError } from './handler.ts';
import { brokenConstraint } from './refusals.ts';
import type { Protocol } from './shapes.ts';

/** Longest piece of a caller's value that an error repeats. */
const shown = 200;

/** A required parameter that was not sent. `path` is the parameter's name in the request. */
export function missing(protocol: Protocol, path: string): CloudError {
  if (protocol === 'ec2') return new CloudError('MissingParameter', `The request must contain the parameter ${path}`);
  return validation(
    protocol,
    `Value null at '${memberPath(path)}' failed to satisfy constraint: Member must not be null`,
  );
}

/** A value of the wrong type; `expected` goes on after "must be". */
export function wrongType(protocol: Protocol, path: string, value: string, expected: string): CloudError {
  const cut = value.length > shown ? `${value.slice(0, shown)}...` : value;
  if (protocol === 'ec2') {
    const message = `Value (${cut}) for parameter ${path} is invalid. It must be ${expected}.`;
    return new CloudError('InvalidParameterValue', message);
  }
  return new CloudError(
    validationCode(protocol),
    brokenConstraint(memberPath(path), value, `Member must be ${expected}`),
  );
}

/** A parameter that the operation does not have. */
export function unknown(protocol: Protocol, path: string): CloudError {
  const cut = path.slice(0, shown);
  if (protocol === 'ec2') return new CloudError('UnknownParameter', `The parameter ${cut} is not recognized`);
  return validation(protocol, `Unknown parameter '${cut}'`);
}

function validation(protocol: Protocol, problem: string): CloudError {
  return new CloudError(validationCode(protocol), `1 validation error detected: ${problem}`);
}

function validationCode(protocol: Protocol): string {
  return protocol === 'json' ? 'ValidationException' : 'ValidationError';
}

/** AWS names members in these messages with a small first letter, and without the protocol's `member`. */
function memberPath(path: string): string {
  return path
    .slice(0, shown)
    .split('.')
    .filter((word) => word !== 'member')
    .map((word) => word.charAt(0).toLowerCase() + word.slice(1))
    .join('.');
}
