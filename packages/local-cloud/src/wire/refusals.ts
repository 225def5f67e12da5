import { CloudError } from './handler.ts';

/**
 * Makes the refusals of one code. Each service's `errors.ts` names those that it has.
 * @param status HTTP status, see {@link CloudError}
 */
export function refusals(code: string, status?: number): (message: string) => CloudError {
  return (message) => new CloudError(code, message, status);
}

/** Longest piece of a caller's value that an error repeats. */
const shown = 200;

/**
 * A value that its model does not allow, as AWS's front door words it.
 * @param member name as in the messages, e.g. `preferences.standbyInstances`
 * @param value left out when it must not be shown, or is too long
 * @param constraint goes on after "failed to satisfy constraint: "
 */
export function brokenConstraint(member: string, value: string | number | undefined, constraint: string): string {
  const text = value === undefined ? 'Value' : `Value '${cut(String(value))}'`;
  return `1 validation error detected: ${text} at '${member}' failed to satisfy constraint: ${constraint}`;
}

function cut(text: string): string {
  return text.length > shown ? `${text.slice(0, shown)}...` : text;
}
