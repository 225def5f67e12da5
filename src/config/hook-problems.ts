import type { z } from 'zod';
import { type Problem, problem } from './problems.ts';
import { defaultUntil, type EndPoint, endPoints, hookPoints } from './schema/hooks.ts';
import type { sections } from './schema/pipeline.ts';

type Hook = z.output<typeof sections.release>['hooks'][number];

/** Mistakes in `release.hooks`: tasks that are not in the file, points in the wrong order, and what an ended run cannot do. */
export function hookProblems(
  { hooks }: Pick<z.output<typeof sections.release>, 'hooks'>,
  tasks: string[],
  at: (path: string[]) => string[],
): Problem[] {
  return hooks.flatMap((hook, index) => {
    const where = (key: string) => at(['release', 'hooks', `${index}`, key]);
    const { at: point } = hook;
    return isEnd(point) ? endProblems(hook, where) : pointProblems({ ...hook, at: point }, tasks, where);
  });
}

const isEnd = (point: Hook['at']): point is EndPoint => (endPoints as readonly string[]).includes(point);

/** The run has ended by then: there is no journal that a task could write, and nothing that an undo could follow. */
function endProblems({ at, run, undo, until }: Hook, where: (key: string) => string[]): Problem[] {
  const found = [];
  if (typeof run === 'string') {
    const expected = `a command at ${at}, such as { command: ['bin/announce'] }, as the run with its journal has ended by then`;
    found.push(problem(where('run'), run, expected));
  }
  if (undo !== undefined) found.push(problem(where('undo'), undo, `no undo at ${at}: nothing follows it`));
  if (until !== undefined) found.push(problem(where('until'), until, `no end at ${at}: nothing follows it`));
  return found;
}

function pointProblems(
  hook: Hook & { at: (typeof hookPoints)[number] },
  tasks: string[],
  where: (key: string) => string[],
): Problem[] {
  const expected = `a task of this file (${tasks.join(', ') || 'there is none'})`;
  const unknown = (['run', 'undo'] as const).filter((key) => {
    const words = hook[key];
    return typeof words === 'string' && !tasks.includes(words.trim().split(/\s+/)[0] ?? '');
  });
  const found = unknown.map((key) => problem(where(key), hook[key], expected));
  const { undo, until = defaultUntil } = hook;
  if (undo === undefined && hook.until !== undefined) found.push(problem(where('until'), until, 'only beside undo'));
  if (undo === undefined || hookPoints.indexOf(until) > hookPoints.indexOf(hook.at)) return found;
  const late =
    hook.until === undefined ? problem(where('at'), hook.at, `a point before ${until}, when undo runs`) : undefined;
  return [...found, late ?? problem(where('until'), until, `a point after ${hook.at}`)];
}
