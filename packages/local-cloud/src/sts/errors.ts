import { refusals } from '../wire/refusals.ts';

/** A value that STS does not take. */
export const invalidValue = refusals('ValidationError');
