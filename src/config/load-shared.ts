import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { isGroup, type Raw } from './merge.ts';
import { sharedName } from './names.ts';
import { plainSettings } from './plain-settings.ts';
import { pathText } from './problems.ts';

const file = join('pipelines', `${sharedName}.ts`);

/** Projects may have had a file of this name for something else. */
const purpose = `${file} has what all apps share, in \`export default defineEnvironments({ ... })\` (golden-pipeline/docs/notifications.md)`;
const rename = 'if it is something else, give the file another name';

/**
 * Loads `pipelines/environments.ts`; empty where a project has none.
 * @throws usage errors `config.invalid` with the mistakes as details, `config.unreadable`, `config.no-default-export`,
 * `config.reserved-name` for the file of an app
 */
export async function loadShared(projectDir: string): Promise<Raw> {
  if (!existsSync(join(projectDir, file))) return {};
  const [{ readPipelineFile }, { sharedProblems }] = await Promise.all([
    import('./read.ts'),
    import('./shared-problems.ts'),
  ]);
  const exported = await readPipelineFile(join(projectDir, file), file, projectDir).catch((error) => {
    if (!(error instanceof PipelineError) || error.code !== 'config.no-default-export') throw error;
    throw usageError(error.code, error.message, `${purpose}; ${rename}`);
  });
  const { settings, problems: unreadable } = plainSettings(exported);
  if (isGroup(settings) && Object.hasOwn(settings, 'app')) {
    const fix = `call the app and its file something else: ${purpose}`;
    throw usageError('config.reserved-name', `${file} cannot be the file of an app`, fix);
  }
  const problems = unreadable.length > 0 ? unreadable : sharedProblems(settings);
  if (problems.length === 0 && isGroup(settings)) return settings;
  throw usageError(
    'config.invalid',
    `${file} has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}`,
    problems.some((one) => pathText(one.path) === '(file)') ? `${purpose}; ${rename}` : purpose,
    problems.slice(0, 20).map((one) => one.text),
  );
}
