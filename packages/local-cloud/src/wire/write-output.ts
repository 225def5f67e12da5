import type { ServiceShapes, SimpleKind, StructShape, TypeRef } from './shapes.ts';
import { element, escapeXml } from './xml.ts';

/**
 * The XML content of an answer. Undefined and null members are left out, empty lists are empty elements, members that the
 * shape does not know are ignored.
 * @param value In the SDK's shape.
 * @throws TypeError when a handler answered with a value of the wrong type; the message names the member.
 */
export function writeOutput(shapes: ServiceShapes, type: TypeRef, value: unknown): string {
  return new OutputWriter(shapes).content(type, value);
}

class OutputWriter {
  readonly #shapes: ServiceShapes;
  /** Where the writer is; put into words only when something is wrong there. */
  readonly #path: (string | number)[] = [];

  constructor(shapes: ServiceShapes) {
    this.#shapes = shapes;
  }

  content(type: TypeRef, value: unknown): string {
    const shape = this.#shapes.shape(type);
    switch (shape.kind) {
      case 'struct':
        return this.#struct(shape, value);
      case 'list': {
        if (!Array.isArray(value)) throw this.#wrong('a list', value);
        const entries = value
          .filter(present)
          .map((entry, index) => element(shape.item, this.#at(index, shape.of, entry)));
        return entries.join('');
      }
      case 'map': {
        let content = '';
        for (const [key, entry] of Object.entries(this.#plain(value, 'a map'))) {
          if (!present(entry)) continue;
          const inner = element(shape.valueName, this.#at(key, shape.of, entry));
          content += element('entry', element(shape.keyName, escapeXml(key)) + inner);
        }
        return content;
      }
      default:
        return this.#simple(shape.kind, value);
    }
  }

  #struct(shape: StructShape, value: unknown): string {
    const object = this.#plain(value, 'a structure');
    let content = '';
    for (const { name, type, xmlKey } of shape.members) {
      const inner = object[name];
      if (present(inner)) content += element(xmlKey, this.#at(name, type, inner));
    }
    return content;
  }

  #at(step: string | number, type: TypeRef, value: unknown): string {
    this.#path.push(step);
    const content = this.content(type, value);
    this.#path.pop();
    return content;
  }

  #simple(kind: SimpleKind, value: unknown): string {
    switch (kind) {
      case 'string':
        if (typeof value !== 'string') throw this.#wrong('a string', value);
        return escapeXml(value);
      case 'number':
        if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong('a number', value);
        return String(value);
      case 'boolean':
        if (typeof value !== 'boolean') throw this.#wrong('a boolean', value);
        return String(value);
      case 'timestamp':
        if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw this.#wrong('a Date', value);
        return value.toISOString();
      case 'blob':
        if (!(value instanceof Uint8Array)) throw this.#wrong('bytes', value);
        return Buffer.from(value).toString('base64');
    }
  }

  #plain(value: unknown, expected: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#wrong(expected, value);
    return value as Record<string, unknown>;
  }

  #wrong(expected: string, value: unknown): TypeError {
    const steps = this.#path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
    const where = steps.join('').replace(/^\./, '') || 'output';
    return new TypeError(`the answer's ${where} must be ${expected}, not ${typeof value} ${String(value)}`);
  }
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}
