import type { z } from 'zod';
import { type Problem, problem } from './problems.ts';
import { defaultUntil, hookPoints } from './schema/hooks.ts';
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
    const { undo, until = defaultUntil } = hook;
    if (undo === undefined && hook.until !== undefined) found.push(problem(where('until'), until, 'only beside undo'));
    if (undo === undefined || hookPoints.indexOf(until) > hookPoints.indexOf(hook.at)) return found;
    const late =
      hook.until === undefined ? problem(where('at'), hook.at, `a point before ${until}, when undo runs`) : undefined;
    return [...found, late ?? problem(where('until'), until, `a point after ${hook.at}`)];
  });
}
