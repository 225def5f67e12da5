import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { generatedFiles } from '../../src/config/reference.ts';
import { bare } from '../../src/config/schema/overrides.ts';
import { pipelineSchema } from '../../src/config/schema/pipeline.ts';

describe('generated pages', () => {
  it.each(Object.entries(generatedFiles()))('%s is current (else: npm run generate)', (path, text) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(text);
  });

  it('the JSON Schema refuses unknown keys and names defaults', () => {
    const schema = JSON.parse(generatedFiles()['docs/pipeline.schema.json'] ?? '');
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(['app', 'source', 'ansible', 'service', 'environments']);
    expect(schema.properties.release.properties.keep).toMatchObject({ type: 'integer', default: 5 });
    const override = schema.properties.environments.additionalProperties.properties.release.properties.keep;
    expect(override).not.toHaveProperty('default');
    expect(override.description).toBe('Number of known-good images to keep.');
  });

  it('every key is described', () => {
    const undescribed: string[] = [];
    const inspect = (schema: z.ZodType, path: string) => {
      const inner = bare(schema);
      if (path && !schema.description && !inner.description) undescribed.push(path);
      if (!(inner instanceof z.ZodObject)) return;
      for (const [key, value] of Object.entries(inner.shape))
        inspect(value as z.ZodType, path ? `${path}.${key}` : key);
    };
    inspect(pipelineSchema, '');
    expect(undescribed).toEqual([]);
  });
});
