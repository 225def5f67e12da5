import { refusals } from '../wire/refusals.ts';

/** ELB's answer to a value it cannot take. */
export const invalid = refusals('ValidationError');
