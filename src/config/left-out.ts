import { z } from 'zod';
import { isGroup, type Raw } from './merge.ts';
import { bare, isOptionalGroup } from './schema/overrides.ts';
import { sections } from './schema/pipeline.ts';

/** Merged settings without the optional groups that an environment leaves out by `false`. */
export function withoutLeftOut(merged: Raw): Raw {
  const found = { ...merged };
  for (const [key, schema] of Object.entries(sections)) {
    if (Object.hasOwn(found, key)) found[key] = inGroup(schema, found[key]);
  }
  return found;
}

function inGroup(schema: z.ZodType, value: unknown): unknown {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodObject) || !isGroup(value)) return value;
  const shape = inner.shape as Record<string, z.ZodType>;
  const kept = Object.entries(value).flatMap(([key, one]) => {
    const own = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (own === undefined) return [[key, one] as const];
    return one === false && isOptionalGroup(own) ? [] : [[key, inGroup(own, one)] as const];
  });
  return Object.fromEntries(kept);
}
