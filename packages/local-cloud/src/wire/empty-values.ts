/** Members that say something by an empty text, which is left out everywhere else: a device that a launch is to leave out. */
export const emptyValues: ReadonlySet<string> = new Set(['NoDevice']);
