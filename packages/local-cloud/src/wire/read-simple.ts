import { wrongType } from './input-errors.ts';
import type { Protocol, SimpleKind } from './shapes.ts';

/**
 * One value of a request as the SDK's type: string, number, boolean, Date, or bytes (sent as base64).
 * @throws CloudError when the text is not of that type.
 */
export function readSimple(protocol: Protocol, kind: SimpleKind, text: string, path: string): unknown {
  const wrong = (expected: string) => wrongType(protocol, path, text, expected);
  switch (kind) {
    case 'string':
      return text;
    case 'number': {
      const value = Number(text);
      if (!/^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text) || !Number.isFinite(value)) throw wrong('a number');
      if (!fractional.test(path) && !(Number.isInteger(value) && Math.abs(value) < 2 ** 31)) throw wrong('an integer');
      return value;
    }
    case 'boolean': {
      const value = text.toLowerCase();
      if (value !== 'true' && value !== 'false') throw wrong('true or false');
      return value === 'true';
    }
    case 'timestamp': {
      const value = new Date(dateTime.test(text) ? text : Number.NaN);
      if (Number.isNaN(value.getTime())) throw wrong('a time such as 2026-01-31T12:00:00Z');
      return value;
    }
    case 'blob':
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw wrong('base64');
      return new Uint8Array(Buffer.from(text, 'base64'));
  }
}

/** Doubles, by their last names; the schemas do not tell them from integers, which AWS reads as 32 bits. */
const fractional = /(^|\.)(BreachThreshold|MetricInterval(Lower|Upper)Bound|MetricValue|TargetValue|Min|Max)$/;

/** ISO 8601 with a zone; a date alone is midnight UTC. */
const dateTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;
