/**
 * Version of what a run leaves for others to read: its journal, its events and its `--json` document. It is raised with each change that
 * a reader of the version before would misread, such as another name of a key, a step or an action.
 */
export const runSchema = 2;
