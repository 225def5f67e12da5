import { nearest, show, visible } from '@golden-pipeline/shared/text';
import type { z } from 'zod';
import { isSecretKey, redacted } from '../shared/redact.ts';
import { hostOf } from './notify-url.ts';
import { bare } from './schema/overrides.ts';
import { isTokenReference } from './secrets.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** One mistake in a configuration. */
export interface Problem {
  readonly path: Path;
  /** The whole line: path, wrong value, what is expected. */
  readonly text: string;
}

/** Every mistake that the schema finds in `raw`, each with its path, the wrong value and what is expected. */
export function schemaProblems(schema: z.ZodType, raw: unknown): Problem[] {
  const result = schema.safeParse(raw);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => describe(schema, raw, issue));
}

/** The line of a mistake. */
export function problem(path: Path, value: unknown, expected: string): Problem {
  return lazily(
    path,
    () => `${pathText(path)}: ${value === undefined ? 'missing' : shown(path, value)}, expected ${expected}`,
  );
}

/** A text is made only when it is read: of very many mistakes only the first ones are shown. */
function lazily(path: Path, make: () => string): Problem {
  let text: string | undefined;
  return {
    path,
    get text() {
      text ??= make();
      return text;
    },
  };
}

/** `environments.local.release.smokeTests[0].path`; the file itself is `(file)`. */
export function pathText(path: Path): string {
  let out = '';
  for (const part of path) {
    if (typeof part === 'number') out += `[${part}]`;
    else out += `${out ? '.' : ''}${/^[\w-]+$/.test(String(part)) ? String(part) : show(String(part), 40)}`;
  }
  return out || '(file)';
}

/** The value at `path`; undefined when the path does not exist. */
export function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function describe(schema: z.ZodType, raw: unknown, issue: Issue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path, raw);
    return issue.keys.map((key) => unknownKey([...issue.path, key], key, known));
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'another name';
    return [{ path: issue.path, text: `${pathText(issue.path)}: the name does not fit, expected ${expected}` }];
  }
  return [problem(issue.path, valueAt(raw, issue.path), visible(issue.message))];
}

function unknownKey(path: Path, key: string, known: string[]): Problem {
  return lazily(path, () => {
    const near = nearest(key, known);
    const help = near ? `did you mean ${near}?` : `known here: ${known.join(', ')}`;
    return `${pathText(path)}: unknown key, ${help}`;
  });
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.ZodType, path: Path, raw: unknown): string[] {
  let at = bare(schema);
  let value = raw;
  for (const part of path) {
    value = valueAt(value, [part]);
    const { def } = at as unknown as {
      def: { type: string; shape?: Record<PropertyKey, z.ZodType>; element?: z.ZodType; valueType?: z.ZodType };
    };
    const next = def.shape?.[part] ?? def.element ?? def.valueType;
    if (!next) return [];
    at = optionFor(bare(next), value);
  }
  const { def } = at as unknown as { def: { shape?: Record<string, unknown> } };
  return Object.keys(def.shape ?? {});
}

/** Of several kinds of a group, the one that the value is, by the key that tells them apart. */
function optionFor(schema: z.ZodType, value: unknown): z.ZodType {
  const { def } = schema as unknown as { def: { discriminator?: string; options?: z.ZodType[] } };
  if (def.discriminator === undefined) return schema;
  const kind = valueAt(value, [def.discriminator]);
  const option = def.options?.find((one) => {
    const { shape } = (one as unknown as { def: { shape: Record<string, { value?: unknown }> } }).def;
    return shape[def.discriminator ?? '']?.value === kind;
  });
  return option ?? schema;
}

/** Settings of targets of notifications that are tokens, or addresses which are secrets as a whole. */
const tokens = /^(token|webhook|url|secret|password|routingKey|api)$/;

function shown(path: Path, value: unknown): string {
  if (path.includes('notify') && tokens.test(String(path.at(-1))) && typeof value === 'string') {
    if (isTokenReference(value)) return show(value);
    return URL.canParse(value) ? `${redacted} (a URL of ${show(hostOf(value))})` : redacted;
  }
  // A reference to a secret may be shown. Other text could be a secret value that was entered by mistake.
  if (path.includes('secrets') && /^(ssm|secretsmanager):/.test(String(value))) return show(value);
  return path.some((part) => typeof part === 'string' && isSecretKey(part) && part !== 'privateKey')
    ? redacted
    : show(value);
}
