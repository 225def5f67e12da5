import type { ServiceShapes, SimpleKind, StructShape, TypeRef } from './shapes.ts';
import { element, escapeXml } from './xml.ts';

/**
 * The XML content of an answer. Undefined and null members are left out, empty lists are empty elements, members that the
 * shape does not know are ignored.
 * @param value In the SDK's shape.
 * @throws TypeError when a handler answered with a value of the wrong type; the message names the member.
 */
export function writeOutput(shapes: ServiceShapes, type: TypeRef, value: unknown): string {
  return new OutputWriter(shapes).content(type, value, '');
}

class OutputWriter {
  readonly #shapes: ServiceShapes;

  constructor(shapes: ServiceShapes) {
    this.#shapes = shapes;
  }

  content(type: TypeRef, value: unknown, path: string): string {
    const shape = this.#shapes.shape(type);
    switch (shape.kind) {
      case 'struct':
        return this.#struct(shape, value, path);
      case 'list': {
        if (!Array.isArray(value)) throw wrong(path, 'a list', value);
        return value
          .filter(present)
          .map((entry, index) => element(shape.item, this.content(shape.of, entry, `${path}[${index}]`)))
          .join('');
      }
      case 'map': {
        return Object.entries(plain(value, path, 'a map'))
          .filter(([, entry]) => present(entry))
          .map(([key, entry]) => {
            const inner = element(shape.valueName, this.content(shape.of, entry, `${path}.${key}`));
            return element('entry', element(shape.keyName, escapeXml(key)) + inner);
          })
          .join('');
      }
      default:
        return simple(shape.kind, value, path);
    }
  }

  #struct(shape: StructShape, value: unknown, path: string): string {
    const object = plain(value, path, 'a structure');
    let content = '';
    for (const { name, type, xmlKey } of shape.members) {
      const inner = object[name];
      if (present(inner)) content += element(xmlKey, this.content(type, inner, path === '' ? name : `${path}.${name}`));
    }
    return content;
  }
}

function simple(kind: SimpleKind, value: unknown, path: string): string {
  switch (kind) {
    case 'string':
      if (typeof value !== 'string') throw wrong(path, 'a string', value);
      return escapeXml(value);
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(path, 'a number', value);
      return String(value);
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong(path, 'a boolean', value);
      return String(value);
    case 'timestamp':
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw wrong(path, 'a Date', value);
      return value.toISOString();
    case 'blob':
      if (!(value instanceof Uint8Array)) throw wrong(path, 'bytes', value);
      return Buffer.from(value).toString('base64');
  }
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function plain(value: unknown, path: string, expected: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, expected, value);
  return value as Record<string, unknown>;
}

function wrong(path: string, expected: string, value: unknown): TypeError {
  return new TypeError(`the answer's ${path || 'output'} must be ${expected}, not ${typeof value} ${String(value)}`);
}
