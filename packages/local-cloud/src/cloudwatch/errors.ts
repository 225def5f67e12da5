import type { CloudError } from '../wire/handler.ts';
import { refusals } from '../wire/refusals.ts';

/** CloudWatch's answer to a value that breaks a constraint. */
export const invalid = refusals('ValidationError');

/** CloudWatch's answer to values that do not go together. */
export const combination = refusals('InvalidParameterCombination');

const missingParameter = refusals('MissingParameter');

export function missing(name: string): CloudError {
  return missingParameter(`The parameter ${name} is required.`);
}
