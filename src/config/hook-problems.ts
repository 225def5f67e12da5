import type { z } from 'zod';
import { type Problem, problem } from './problems.ts';
import { hookPoints } from './schema/hooks.ts';
import type { sections } from './schema/pipeline.ts';

/** Mistakes in `release.hooks`: tasks that are not in the file, and points in the wrong order. */
export function hookProblems(
  { hooks }: Pick<z.output<typeof sections.release>, 'hooks'>,
  tasks: string[],
  at: (path: string[]) => string[],
): Problem[] {
  const expected = `a task of this file (${tasks.join(', ') || 'there is none'})`;
  return hooks.flatMap((hook, index) => {
    const where = (key: string) => at(['release', 'hooks', `${index}`, key]);
    const unknown = (['run', 'undo'] as const).filter((key) => {
      const words = hook[key];
      return words !== undefined && !tasks.includes(words.trim().split(/\s+/)[0] ?? '');
    });
    const found = unknown.map((key) => problem(where(key), hook[key], expected));
    if (hook.until === undefined) return found;
    if (hook.undo === undefined) found.push(problem(where('until'), hook.until, 'only beside undo'));
    if (hookPoints.indexOf(hook.until) <= hookPoints.indexOf(hook.at))
      found.push(problem(where('until'), hook.until, `a point after ${hook.at}`));
    return found;
  });
}
