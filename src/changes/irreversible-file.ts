/** File in the app's folder; a commit that adds or changes it cannot be undone, for the reason in its first line. */
export const irreversibleFile = '.irreversible';

/** The reason that the text of such a file gives. */
export function reasonIn(text: string): string {
  return text.trim().split('\n', 1)[0] || `${irreversibleFile} says so`;
}
