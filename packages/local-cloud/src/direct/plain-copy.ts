import { emptyValues } from '../wire/empty-values.ts';
import { missing } from '../wire/input-errors.ts';
import type { Member, ServiceShapes, StructShape, TypeRef } from '../wire/shapes.ts';

/** The members of a structure by their names in the SDK's objects, which have far fewer than the shape. */
const membersByName = new WeakMap<StructShape, Map<string, Member>>();

/**
 * A copy of an operation's input or output as the wire would bring it: only what the shape knows, without what is undefined or null.
 * Nobody shares records with the cloud.
 * @param asked For a request: an empty text counts as left out, except in a list, and what the shape requires must be there.
 * @throws CloudError in the service's own code when it is not
 */
export function plainCopy(shapes: ServiceShapes, type: TypeRef | undefined, value: unknown, asked = false): unknown {
  if (type === undefined) return {};
  return copy(value ?? {}, type, '');

  function copy(one: unknown, of: TypeRef, path: string): unknown {
    const shape = shapes.shape(of);
    if (shape.kind === 'list') {
      return Array.isArray(one) ? one.filter(present).map((entry) => copy(entry, shape.of, path)) : one;
    }
    if (shape.kind === 'map') {
      const entries = Object.entries(one as object).filter(([, entry]) => present(entry));
      return Object.fromEntries(entries.map(([key, entry]) => [key, copy(entry, shape.of, path)]));
    }
    if (shape.kind !== 'struct') return one instanceof Date ? new Date(one) : one;
    const known = byName(shape);
    const made: Record<string, unknown> = {};
    for (const [name, entry] of Object.entries(one as object)) {
      const member = known.get(name);
      if (!member || !present(entry) || (asked && entry === '' && !emptyValues.has(name))) continue;
      made[name] = copy(entry, member.type, asked ? join(path, member.requestKey) : path);
    }
    if (asked) {
      const absent = shape.members.slice(0, shape.required).find(({ name }) => made[name] === undefined);
      if (absent) throw missing(shapes.protocol, join(path, absent.requestKey));
    }
    return made;
  }
}

function byName(shape: StructShape): Map<string, Member> {
  const known = membersByName.get(shape) ?? new Map(shape.members.map((member) => [member.name, member]));
  membersByName.set(shape, known);
  return known;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}
