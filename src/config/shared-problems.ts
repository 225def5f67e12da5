import { isGroup, merge } from './merge.ts';
import { notifyProblems } from './notify-problems.ts';
import { type Problem, schemaProblems, valueAt } from './problems.ts';
import { environmentsSchema, sections } from './schema/pipeline.ts';

/**
 * Every mistake in `pipelines/environments.ts`, also of the settings that its environments have by what they share and
 * their own. It is checked on its own, so that no app is blamed for it.
 */
export function sharedProblems(raw: unknown): Problem[] {
  const found = schemaProblems(environmentsSchema, raw);
  const environments = valueAt(raw, ['environments']);
  const shared = notifyProblems(notifyOf(valueAt(raw, ['notify'])), (path) => [...path]);
  const own = Object.keys(isGroup(environments) ? environments : {}).flatMap((name) => {
    const path = ['environments', name, 'notify'];
    // A list replaces that of the file, which is checked above.
    if (valueAt(raw, [...path, 'targets']) === undefined) return [];
    const merged = merge(valueAt(raw, ['notify']), valueAt(raw, path));
    return notifyProblems(notifyOf(merged), (inside) => ['environments', name, ...inside]);
  });
  return [...found, ...shared, ...own];
}

function notifyOf(settings: unknown) {
  const parsed = sections.notify.safeParse(settings ?? {});
  return parsed.success ? parsed.data : undefined;
}
