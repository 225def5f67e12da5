import { z } from 'zod';
import { section } from './values.ts';

/**
 * The same settings without required keys and defaults, for the overrides of an environment: a default here would
 * silently replace the shared value. Descriptions are kept. An optional group can be false, as that is how an
 * environment leaves out the shared one.
 */
export function overrides<T extends z.ZodRawShape>(
  of: z.ZodObject<T>,
): z.ZodType<DeepPartial<z.input<z.ZodObject<T>>>> {
  const shape = Object.fromEntries(
    Object.entries(of.shape).map(([key, value]) => {
      const inner = bare(value as z.ZodType);
      const group: z.ZodType = inner instanceof z.ZodObject ? overrides(inner) : inner;
      const loose = isOptionalGroup(value as z.ZodType)
        ? z.union([group, z.literal(false)], { error: groupOrFalse })
        : group;
      const { description } = (value as z.ZodType).meta() ?? {};
      return [key, description ? loose.optional().describe(description) : loose.optional()];
    }),
  );
  return section(shape) as unknown as z.ZodType<DeepPartial<z.input<z.ZodObject<T>>>>;
}

const groupOrFalse = 'a group of settings in { }, or false to leave it out';

/** True for a group that a configuration may lack, such as `release.migrate`; false for one that has defaults. */
export const isOptionalGroup = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodOptional && bare(schema) instanceof z.ZodObject;

/** The schema inside its defaults and its `optional`. */
export function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return bare(schema.unwrap() as z.ZodType);
  }
  return schema;
}

/** All keys optional, at every depth; lists are replaced as a whole, and false leaves an optional group out. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> | LeftOut<T[K]> }
    : T;

/** Only an optional group has required keys: one with defaults may be `{}`. */
type LeftOut<T> = undefined extends T
  ? NonNullable<T> extends readonly unknown[]
    ? never
    : NonNullable<T> extends object
      ? Record<never, never> extends NonNullable<T>
        ? never
        : false
      : never
  : never;
