import { nearest, show, visible } from '@golden-pipeline/shared/text';
import { z } from 'zod';
import { isSecretKey, redacted } from '../shared/redact.ts';
import { isGroup } from './merge.ts';
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

/** Where the setting at a path of the merged settings of an environment is written. */
export type At = (path: readonly PropertyKey[]) => PropertyKey[];

/** Every mistake that the schema finds in `raw`, each with its path, the wrong value and what is expected. */
export function schemaProblems(schema: z.ZodType, raw: unknown): Problem[] {
  const result = schema.safeParse(raw);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => describe(schema, raw, issue));
}

/** The same for a section of merged settings, with the paths where they are written. */
export function sectionProblems(schema: z.ZodType, merged: unknown, key: string, at: At): Problem[] {
  return schemaProblems(z.object({ [key]: schema }), { [key]: merged }).map((one) => moved(one, at(one.path)));
}

/** The same problem at another path. */
function moved(one: Problem, path: Path): Problem {
  return lazily(path, () => `${pathText(path)}${one.text.slice(pathText(one.path).length)}`);
}

/** The line of a mistake. */
export function problem(path: Path, value: unknown, expected: string): Problem {
  return lazily(
    path,
    () => `${pathText(path)}: ${value === undefined ? 'missing' : shown(path, value)}, expected ${expected}`,
  );
}

/** The line of a mistake that is named as a sentence: what is wrong, and what to do. */
export function mistake(path: Path, sentence: string): Problem {
  return lazily(path, () => `${pathText(path)}: ${sentence}`);
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
  if (issue.code === 'invalid_union' && isGroup(valueAt(raw, issue.path))) {
    // What is wrong inside a group tells more than that it is none of the options. Those are in the order of the schema.
    const inside = issue.errors.filter(
      (option) => !option.some(({ path, code }) => path.length === 0 && code !== 'unrecognized_keys'),
    );
    const [only, ...others] = inside;
    if (only && others.length === 0) {
      return only.flatMap((one) => describe(schema, raw, { ...one, path: [...issue.path, ...one.path] } as Issue));
    }
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

/** Of several kinds of a group, the one that the value is, by the key that tells them apart; else the only group. */
function optionFor(schema: z.ZodType, value: unknown): z.ZodType {
  const { def } = schema as unknown as { def: { discriminator?: string; options?: z.ZodType[] } };
  if (def.discriminator === undefined) return groupOf(schema) ?? schema;
  const kind = valueAt(value, [def.discriminator]);
  const option = def.options?.find((one) => {
    const { shape } = (one as unknown as { def: { shape: Record<string, { value?: unknown }> } }).def;
    return shape[def.discriminator ?? '']?.value === kind;
  });
  return option ?? schema;
}

/** The only option of a union that is a group; undefined for a schema that is not such a union. */
function groupOf(schema: z.ZodType): z.ZodType | undefined {
  if (!(schema instanceof z.ZodUnion) || schema instanceof z.ZodDiscriminatedUnion) return undefined;
  const groups = schema.options.filter((one) => one instanceof z.ZodObject);
  return groups.length === 1 ? groups[0] : undefined;
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
