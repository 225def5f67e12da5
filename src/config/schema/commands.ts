import { listOf, text } from './values.ts';

/** A program and its arguments. A text is refused: only a shell could split it. */
export const commandWords = () =>
  listOf(text(), "a list of a program and its arguments, such as ['npm', 'run', 'migrate']").min(1, {
    error: "a list of a program and its arguments, such as ['npm', 'run', 'migrate']",
  });
