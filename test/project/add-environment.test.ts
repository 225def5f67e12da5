import { expect, it } from 'vitest';
import { addEnvironment } from '../../src/project/add-environment.ts';

const staging = { environment: 'staging', cloud: 'aws', region: 'eu-west-1', sshUser: 'admin' } as const;
const local = { environment: 'local', cloud: 'local', region: 'eu-west-1', sshUser: 'admin' } as const;
const add = (text: string, answers: typeof staging | typeof local = staging) =>
  addEnvironment(text, answers, 'pipelines/api.ts');

const file = `// Ours.
import { definePipeline } from 'golden-pipeline';

export default definePipeline({
  app: 'api', // the shop
  environments: {
    production: { cloud: 'aws' }, // since 2024

    // To come: { more }
  },
});
`;

it('an environment is added behind the others, and nothing else changes', () => {
  const text = add(file);
  const [head = '', tail = ''] = text.split('    staging: {\n');
  expect(head).toBe(file.slice(0, file.indexOf('  },\n});')));
  expect(tail).toContain("      region: 'eu-west-1',\n");
  expect(tail.endsWith('    },\n  },\n});\n')).toBe(true);
});

it.each([
  ['on one line', "export default definePipeline({ environments: { a: { cloud: 'aws' } } });\n"],
  ['empty', 'export default definePipeline({ environments: {} });\n'],
  [
    'without a comma at the end',
    "export default definePipeline({\n  environments: {\n    a: { cloud: 'aws' }\n  }\n});\n",
  ],
  [
    'of a constant',
    'const environments = { a: {} } as const;\nconst settings = { environments } satisfies X;\nexport default definePipeline(settings);\n',
  ],
  [
    'of an exported constant',
    'const pipeline = definePipeline({ environments: { a: {}, }, });\nexport default pipeline;\n',
  ],
])('environments %s are extended, and the same ones are refused a second time', (_what, text) => {
  const once = add(text);
  expect(once).toMatch(/\bstaging: \{/);
  expect(() => add(once)).toThrow('pipelines/api.ts has the environment staging already');
});

it('the local cloud brings the import that it needs, once', () => {
  const once = add(file, local);
  expect(once.startsWith("import { userInfo } from 'node:os';\n// Ours.\n")).toBe(true);
  const has = `import { userInfo } from 'node:os';\n${file}`;
  expect(add(has, local).match(/node:os/g)).toHaveLength(1);
});

it.each([
  ['without a default export', 'export const a = 1;'],
  ['that computes its environments', 'export default definePipeline({ environments: all() });'],
  ['whose constants name each other', 'const a = b; const b = a; export default definePipeline(a);'],
  ['that cannot be parsed', 'export default {{'],
])('a file %s is refused with the text to paste', (_what, text) => {
  expect(() => add(text)).toThrow(
    expect.objectContaining({
      code: 'init.unknown-shape',
      outcome: 'usage',
      fix: 'add these lines to its environments',
      details: expect.arrayContaining(['staging: {', "  region: 'eu-west-1',"]),
    }),
  );
});
