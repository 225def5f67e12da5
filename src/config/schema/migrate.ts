import { commandWords } from './commands.ts';
import { oneOf, seconds, section } from './values.ts';

/** When a migration runs. */
export const migrationTimes = ['before-roll', 'after-roll'] as const;
export type MigrationTime = (typeof migrationTimes)[number];

export const migrateSection = section({
  command: commandWords().describe(
    "Program and arguments, run in the folder of the new version with the service's user, environment and secrets, without a shell.",
  ),
  when: oneOf(migrationTimes)
    .default('before-roll')
    .describe(
      '`before-roll`: on the instance that is baked, after the new version is built and before it is first started; `after-roll`: on one instance of the rolled fleet, before it is verified.',
    ),
  timeoutSeconds: seconds(1, 86_400).default(1_800).describe('Until it is stopped and the release fails, in seconds.'),
}).describe('A command that runs once in each release; see docs/migrations.md.');
