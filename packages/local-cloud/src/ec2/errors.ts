import { CloudError } from '../wire/handler.ts';
import { refusals } from '../wire/refusals.ts';

/** A required parameter is absent. */
export function missing(parameter: string): CloudError {
  return new CloudError('MissingParameter', `The request must contain the parameter ${parameter}`);
}

/** A value that EC2 does not accept. */
export const invalidValue = refusals('InvalidParameterValue');

export const invalidCombination = refusals('InvalidParameterCombination');

/** What AWS has and this cloud has not. */
export const unsupported = refusals('UnsupportedOperation');

/** The value, or `MissingParameter`; empty texts and lists count as absent, as clients send them for values they do not set. */
export function required<T>(value: T | undefined, parameter: string): NonNullable<T> {
  const empty = value === '' || (Array.isArray(value) && value.length === 0);
  if (value === undefined || value === null || empty) throw missing(parameter);
  return value;
}

/** `The instance ID 'a' does not exist` or `The instance IDs 'a, b' do not exist`. */
export function doNotExist(what: string, ids: string[]): string {
  return ids.length === 1
    ? `The ${what} ID '${ids[0]}' does not exist`
    : `The ${what} IDs '${ids.join(', ')}' do not exist`;
}
