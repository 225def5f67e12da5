import { emptyValues } from './empty-values.ts';
import type { FormNode } from './form.ts';
import { missing, unknown, wrongType } from './input-errors.ts';
import { readSimple } from './read-simple.ts';
import type { ListShape, MapShape, Member, ServiceShapes, StructShape, TypeRef } from './shapes.ts';

type Plain = Record<string, unknown>;

/**
 * Builds an operation's input, in the SDK's shape, from a request's parameters. Clients send an empty value for what they
 * leave out, so `K=` is absent, except in a list of strings, where an entry may be empty; for a list of the plain
 * query protocol it is the empty list.
 * @throws CloudError in the service's own codes for unknown, missing and mistyped parameters.
 */
export function readInput(shapes: ServiceShapes, input: TypeRef | undefined, parameters: FormNode): Plain {
  if (input !== undefined) return (new InputReader(shapes).read(parameters, input, '') ?? {}) as Plain;
  const [first] = parameters.children?.keys() ?? [];
  if (first !== undefined) throw unknown(shapes.protocol, first);
  return {};
}

class InputReader {
  readonly #shapes: ServiceShapes;

  constructor(shapes: ServiceShapes) {
    this.#shapes = shapes;
  }

  /** The value of `node`, undefined when it counts as absent. `path` is its name in the request, empty for the input itself. */
  read(node: FormNode, type: TypeRef, path: string): unknown {
    const shape = this.#shapes.shape(type);
    if (shape.kind === 'struct') return this.#struct(node, shape, path);
    if (shape.kind === 'list') return this.#list(node, shape, path);
    if (shape.kind === 'map') return this.#map(node, shape, path);
    const [child] = node.children?.keys() ?? [];
    if (child !== undefined) throw unknown(this.#shapes.protocol, join(path, child));
    if (node.value === undefined || node.value === '') return undefined;
    return readSimple(this.#shapes.protocol, shape.kind, node.value, path);
  }

  #struct(node: FormNode, shape: StructShape, path: string): Plain | undefined {
    const { protocol } = this.#shapes;
    if (node.value) throw wrongType(protocol, path, node.value, 'a structure');
    if (!node.children && path !== '') return undefined;
    const value: Plain = {};
    for (const [key, child] of node.children ?? []) {
      const member = shape.byRequestKey.get(key);
      if (!member) throw unknown(protocol, join(path, key));
      const means = child.value === '' && emptyValues.has(member.name) ? '' : undefined;
      const inner = this.read(child, member.type, join(path, key)) ?? means;
      if (inner !== undefined) value[member.name] = inner;
    }
    const absent = shape.members.slice(0, shape.required).find((member: Member) => value[member.name] === undefined);
    if (absent) throw missing(protocol, join(path, absent.requestKey));
    return value;
  }

  #list(node: FormNode, shape: ListShape, path: string): unknown[] | undefined {
    const { protocol } = this.#shapes;
    if (node.value) throw wrongType(protocol, path, node.value, 'a list');
    if (!node.children) return protocol === 'ec2' ? undefined : [];
    const entries = protocol === 'ec2' ? { node, path } : this.#only(node, shape.item, path);
    const list: unknown[] = [];
    for (const [index, entry] of this.#numbered(entries.node, entries.path)) {
      const at = join(entries.path, index);
      const emptyText = entry.value === '' && !entry.children && this.#shapes.shape(shape.of).kind === 'string';
      const value = emptyText ? '' : this.read(entry, shape.of, at);
      if (value !== undefined) list.push(value);
    }
    return list;
  }

  #map(node: FormNode, shape: MapShape, path: string): Plain | undefined {
    const { protocol } = this.#shapes;
    if (node.value) throw wrongType(protocol, path, node.value, 'a map');
    if (!node.children) return undefined;
    const entries = this.#only(node, 'entry', path);
    const map: [string, unknown][] = [];
    for (const [index, entry] of this.#numbered(entries.node, entries.path)) {
      const at = join(entries.path, index);
      for (const key of entry.children?.keys() ?? []) {
        if (key !== shape.keyName && key !== shape.valueName) throw unknown(protocol, join(at, key));
      }
      const key = entry.children?.get(shape.keyName)?.value;
      if (!key) throw missing(protocol, join(at, shape.keyName));
      const value = entry.children?.get(shape.valueName);
      const isText = this.#shapes.shape(shape.of).kind === 'string';
      map.push([key, (value && this.read(value, shape.of, join(at, shape.valueName))) ?? (isText ? '' : undefined)]);
    }
    return Object.fromEntries(map);
  }

  /** The one child that may be there. */
  #only(node: FormNode, name: string, path: string): { node: FormNode; path: string } {
    for (const key of node.children?.keys() ?? []) {
      if (key !== name) throw unknown(this.#shapes.protocol, join(path, key));
    }
    return { node: node.children?.get(name) ?? {}, path: join(path, name) };
  }

  /** Entries in the order of their numbers, which may have gaps. */
  #numbered(node: FormNode, path: string): [string, FormNode][] {
    if (node.value) throw wrongType(this.#shapes.protocol, path, node.value, 'a list');
    const entries = [...(node.children ?? [])];
    for (const [index] of entries) {
      if (!/^\d{1,9}$/.test(index)) throw unknown(this.#shapes.protocol, join(path, index));
    }
    return entries.sort(([a], [b]) => Number(a) - Number(b));
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
