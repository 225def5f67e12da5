import type { z } from 'zod';
import type { Raw } from './merge.ts';
import { type At, mistake, type Problem, problem, valueAt } from './problems.ts';
import { defaultUntil, type EndPoint, endPoints, hookPoints } from './schema/hooks.ts';
import type { sections } from './schema/pipeline.ts';

type Hook = z.output<typeof sections.release>['hooks'][number];
type Key = 'at' | 'run' | 'undo' | 'until';

/** The place and the written value of each key of a hook. */
interface Written {
  where: (key: Key) => PropertyKey[];
  value: (key: Key) => unknown;
}

/**
 * Mistakes in `release.hooks`: tasks that are not in the file, points in the wrong order, and what an ended run cannot
 * do.
 * @param merged The settings as written, without defaults: these are shown.
 */
export function hookProblems(
  release: Pick<z.output<typeof sections.release>, 'hooks'> | undefined,
  tasks: string[],
  merged: Raw,
  at: At,
): Problem[] {
  return (release?.hooks ?? []).flatMap((hook, index) => {
    const path = (key: Key) => ['release', 'hooks', index, key];
    const written = { where: (key: Key) => at(path(key)), value: (key: Key) => valueAt(merged, path(key)) };
    const { at: point } = hook;
    return isEnd(point) ? endProblems(hook, point, written) : pointProblems({ ...hook, at: point }, tasks, written);
  });
}

const isEnd = (point: Hook['at']): point is EndPoint => (endPoints as readonly string[]).includes(point);

/** The run has ended by then: there is no journal that a task could write, and nothing that an undo could follow. */
function endProblems({ run, undo, until }: Hook, point: EndPoint, { where, value }: Written): Problem[] {
  const found = [];
  if (typeof run === 'string') {
    const expected = `a command at ${point}, such as { command: ['bin/announce'] }, as the run with its journal has ended by then`;
    found.push(problem(where('run'), value('run'), expected));
  }
  if (undo !== undefined) {
    found.push(
      mistake(where('undo'), `a hook at ${point} is not undone, as the run has ended by then; leave out undo`),
    );
  }
  if (until !== undefined) {
    const why = `it says when undo runs, and a hook at ${point} is not undone; leave out until`;
    found.push(mistake(where('until'), why));
  }
  return found;
}

function pointProblems(
  hook: Hook & { at: (typeof hookPoints)[number] },
  tasks: string[],
  { where, value }: Written,
): Problem[] {
  const expected = `a task of this file (${tasks.join(', ') || 'there is none'})`;
  const unknown = (['run', 'undo'] as const).filter((key) => {
    const words = hook[key];
    return typeof words === 'string' && !tasks.includes(words.trim().split(/\s+/)[0] ?? '');
  });
  const found = unknown.map((key) => problem(where(key), value(key), expected));
  const { undo, until = defaultUntil } = hook;
  if (undo === undefined && hook.until !== undefined) {
    found.push(
      mistake(where('until'), 'it says when undo runs, and this hook has no undo; add undo, or leave out until'),
    );
  }
  if (undo === undefined || hookPoints.indexOf(until) > hookPoints.indexOf(hook.at)) return found;
  const late =
    hook.until === undefined ? problem(where('at'), hook.at, `a point before ${until}, when undo runs`) : undefined;
  return [...found, late ?? problem(where('until'), until, `a point after ${hook.at}`)];
}
