import { listOf, oneOf, section, text } from './values.ts';

/** Points of a release at which tasks can run, in their order. */
export const hookPoints = ['before-detach', 'before-roll', 'after-verify'] as const;
export type HookPoint = (typeof hookPoints)[number];

/** When an `undo` runs that names no point. */
export const defaultUntil: HookPoint = 'after-verify';

export const hooksSection = listOf(
  section({
    at: oneOf(hookPoints).describe(
      'When the task runs. `before-detach`: before an instance is taken out of service; `before-roll`: before instances are replaced, or traffic moves to the other group; `after-verify`: after the fleet is verified.',
    ),
    run: text().describe("Task and its positional inputs, e.g. `'stop-consumers tickets'`."),
    undo: text()
      .optional()
      .describe('Task that undoes it: runs at `until`, and also when the release fails or is interrupted.'),
    until: oneOf(hookPoints)
      .optional()
      .describe(
        'When `undo` runs in a release that succeeds. Default: `after-verify`, so the task itself must run before.',
      ),
  }),
  'a list of { at, run, undo, until }',
)
  .default([])
  .describe('Tasks that run during a release, e.g. to stop consumers and start them again.');
