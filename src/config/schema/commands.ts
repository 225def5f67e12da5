import { listOf, shaped } from './values.ts';

const expected = "a list of a program and its arguments, such as ['npm', 'run', 'migrate']";

/** A program and its arguments. A text is refused: only a shell could split it. */
export const commandWords = () =>
  listOf(shaped(/^[^\0]+$/, 'text that is not empty, without NUL characters'), expected).min(1, { error: expected });
