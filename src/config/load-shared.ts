import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import { isGroup, type Raw } from './merge.ts';
import { plainSettings } from './plain-settings.ts';

/** Name of the file in `pipelines/` that is not an app's: what all apps share. */
export const sharedName = 'environments';

/**
 * Loads `pipelines/environments.ts`; empty where a project has none.
 * @throws usage errors `config.invalid` with the mistakes as details, `config.unreadable`, `config.no-default-export`
 */
export async function loadShared(projectDir: string): Promise<Raw> {
  const file = join('pipelines', `${sharedName}.ts`);
  if (!existsSync(join(projectDir, file))) return {};
  const [{ readPipelineFile }, { schemaProblems }, { environmentsSchema }] = await Promise.all([
    import('./read.ts'),
    import('./problems.ts'),
    import('./schema/pipeline.ts'),
  ]);
  const { settings, problems: unreadable } = plainSettings(
    await readPipelineFile(join(projectDir, file), file, projectDir),
  );
  const problems = unreadable.length > 0 ? unreadable : schemaProblems(environmentsSchema, settings);
  if (problems.length === 0 && isGroup(settings)) return settings;
  throw usageError(
    'config.invalid',
    `${file} has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}`,
    'it has what all apps share, in defineEnvironments({ ... }): golden-pipeline/docs/notifications.md',
    problems.slice(0, 20).map((one) => one.text),
  );
}
