import { z } from 'zod';
import { section } from './values.ts';

/**
 * The same settings without required keys and defaults, for the overrides of an environment: a default here would
 * silently replace the shared value. Descriptions are kept.
 */
export function overrides<T extends z.ZodRawShape>(
  of: z.ZodObject<T>,
): z.ZodType<DeepPartial<z.input<z.ZodObject<T>>>> {
  const shape = Object.fromEntries(
    Object.entries(of.shape).map(([key, value]) => {
      const inner = bare(value as z.ZodType);
      const loose: z.ZodType = inner instanceof z.ZodObject ? overrides(inner) : inner;
      const { description } = (value as z.ZodType).meta() ?? {};
      return [key, description ? loose.optional().describe(description) : loose.optional()];
    }),
  );
  return section(shape) as unknown as z.ZodType<DeepPartial<z.input<z.ZodObject<T>>>>;
}

/** The schema inside its defaults and its `optional`. */
export function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return bare(schema.unwrap() as z.ZodType);
  }
  return schema;
}

/** All keys optional, at every depth; lists are replaced as a whole. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;
