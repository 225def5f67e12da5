import { z } from 'zod';
import { commandWords } from './commands.ts';
import { listOf, oneOf, seconds, section, text } from './values.ts';

/** Points of a release at which hooks can run, in their order. */
export const hookPoints = ['before-stage', 'before-detach', 'before-roll', 'after-verify'] as const;
export type HookPoint = (typeof hookPoints)[number];

/** Ends of a run at which hooks can run. */
export const endPoints = ['on-failure', 'on-rollback'] as const;
export type EndPoint = (typeof endPoints)[number];

/** When an `undo` runs that names no point. */
export const defaultUntil: HookPoint = 'after-verify';

const localCommand = section({
  command: commandWords(),
  timeoutSeconds: seconds(1, 86_400).default(300),
});

/** A command of a hook, which runs where the pipeline runs. */
export type LocalHook = z.output<typeof localCommand>;

const work = () =>
  z.union([text(), localCommand], {
    error:
      "a task and its inputs, such as 'stop-consumers tickets', or a command such as { command: ['bin/announce', 'begun'], timeoutSeconds: 60 }",
  });

export const hooksSection = listOf(
  section({
    at: oneOf([...hookPoints, ...endPoints]).describe(
      'When it runs. `before-stage`: before anything is built; `before-detach`: before an instance is taken out of service; `before-roll`: before instances are replaced, or traffic moves to the other group; `after-verify`: after the fleet is verified; `on-failure`: when a release has failed and was rolled back; `on-rollback`: when `fast-rollback` has finished.',
    ),
    run: work().describe(
      "A task and its positional inputs, e.g. `'stop-consumers tickets'`; or a command that runs where the pipeline runs, in the project folder: `{ command: ['bin/announce', 'begun'], timeoutSeconds: 60 }` (default: 300).",
    ),
    undo: work()
      .optional()
      .describe(
        'What undoes it, of the same form: runs at `until`, and also when the release fails or is interrupted.',
      ),
    until: oneOf(hookPoints)
      .optional()
      .describe(
        'When `undo` runs in a release that succeeds. Default: `after-verify`, so the task itself must run before.',
      ),
  }),
  'a list of { at, run, undo, until }',
)
  .default([])
  .describe('Tasks and commands that run during a release, e.g. to stop consumers and start them again.');
