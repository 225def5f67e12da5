import { missing } from '../wire/input-errors.ts';
import type { ServiceShapes, TypeRef } from '../wire/shapes.ts';

/**
 * A copy of an operation's input or output as the wire would bring it: only what the shape knows, without what is undefined or null;
 * an empty text counts as left out, except in a list. Nobody shares records with the cloud.
 * @param require Whether what the shape requires must be there, as in a request.
 * @throws CloudError in the service's own code when it is not
 */
export function plainCopy(shapes: ServiceShapes, type: TypeRef | undefined, value: unknown, require = false): unknown {
  if (type === undefined) return {};
  return copy(value ?? {}, type, '');

  function copy(one: unknown, of: TypeRef, path: string): unknown {
    const shape = shapes.shape(of);
    if (shape.kind === 'list') {
      if (!Array.isArray(one)) return one;
      return one.filter(present).map((entry, index) => copy(entry, shape.of, `${path}.${index + 1}`));
    }
    if (shape.kind === 'map') {
      const entries = Object.entries(one as object).filter(([, entry]) => present(entry));
      return Object.fromEntries(entries.map(([key, entry]) => [key, copy(entry, shape.of, path)]));
    }
    if (shape.kind !== 'struct') return one instanceof Date ? new Date(one) : one;
    const made: Record<string, unknown> = {};
    for (const [index, { name, type: inner, requestKey }] of shape.members.entries()) {
      const entry = (one as Record<string, unknown>)[name];
      const at = path === '' ? requestKey : `${path}.${requestKey}`;
      if (present(entry) && !(require && entry === '')) made[name] = copy(entry, inner, at);
      else if (require && index < shape.required) throw missing(shapes.protocol, at);
    }
    return made;
  }
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}
