import { expect, it } from 'vitest';
import { cdkCommand } from '../../src/project/cdk.ts';

// A package without the CDK beside it is in test/e2e/package.test.ts. `npm test` has built dist/.
const root = process.cwd();
const from = { projectDir: root, node: process.execPath };

it('runs the CDK on the infrastructure app, with the words that follow', () => {
  const [program, cdk, ...words] = cdkCommand(from, 'diff', ['api-production', '--strict']);
  expect(program).toBe(process.execPath);
  expect(cdk).toBe(`${root}/node_modules/aws-cdk/bin/cdk`);
  const app = `${process.execPath} ${root}/dist/infra.js`;
  expect(words).toEqual(['diff', '--app', app, '--output', '.pipeline/cdk.out', 'api-production', '--strict']);
});

it.each([[['--output', 'here']], [['--output=here']], [['-o', 'here']]])('leaves the output to %j', (words) => {
  expect(cdkCommand(from, 'synth', words).slice(5)).toEqual(words);
});
