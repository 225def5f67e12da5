import { messageOf } from '@golden-pipeline/shared/errors';
import { visible } from '@golden-pipeline/shared/text';
import { isGroup } from './merge.ts';
import { type Problem, pathText } from './problems.ts';

/** Far above what a team writes, and far below what exhausts the stack or the memory. */
const limits = { depth: 100, values: 1_000_000 };

interface Ancestor {
  value: object;
  path: PropertyKey[];
}

/**
 * Reads a file's default export once into plain data, as it may have getters, proxies and references to itself, which
 * the validation could not survive. Tasks, functions and instances of classes stay what they are.
 * @returns the copy, and a problem for each value that cannot be read
 */
export function plainSettings(raw: unknown): { settings: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  let values = 0;

  const copy = (value: unknown, path: PropertyKey[], above: readonly Ancestor[]): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const list = Array.isArray(value);
    if (!list && !isGroup(value)) return value;
    const same = above.find((one) => one.value === value);
    if (same) return refuse(path, `refers to ${pathText(same.path)}, which contains it; expected a value of its own`);
    if (above.length >= limits.depth) return refuse(path, `more than ${limits.depth} levels deep, expected fewer`);
    const inside = [...above, { value, path }];
    const keys = list ? value.length : Object.keys(value);
    values += typeof keys === 'number' ? keys : keys.length;
    if (values > limits.values) return refuse([], `more than ${limits.values} values, expected fewer`);
    if (typeof keys === 'number') return Array.from({ length: keys }, (_, index) => read(value, index, path, inside));
    return Object.fromEntries(keys.map((key) => [key, read(value, key, path, inside)]));
  };

  const read = (from: object, key: PropertyKey, path: PropertyKey[], above: readonly Ancestor[]): unknown => {
    const at = [...path, key];
    try {
      const value = (from as Record<PropertyKey, unknown>)[key];
      // A task may hold anything; only what the schema reads of it must be readable.
      if (path.length === 1 && path[0] === 'tasks') return probed(value);
      return copy(value, at, above);
    } catch (error) {
      return refuse(at, `cannot be read: ${visible(messageOf(error))}`);
    }
  };

  const refuse = (path: PropertyKey[], why: string): undefined => {
    problems.push({ path, text: `${pathText(path)}: ${why}` });
    return undefined;
  };

  try {
    return { settings: copy(raw, [], []), problems };
  } catch (error) {
    refuse([], `cannot be read: ${visible(messageOf(error))}`);
    return { settings: undefined, problems };
  }
}

/** The same value. @throws what its getters throw */
function probed(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) Object.values(value);
  return value;
}
