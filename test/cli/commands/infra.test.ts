import { expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { runCli } from '../../../src/cli/main.ts';
import { parse } from '../../../src/cli/program.ts';
import { fakeContext } from '../support/fake-context.ts';

const inProject = (...argv: string[]) => fakeContext(argv, { cwd: process.cwd() });

it('pipeline infra passes stacks and CDK options on unchanged', async () => {
  const words = ['api-production', '--parameters', 'BaseImage=ami-1', '--require-approval', 'never'];
  const parsed = await parse(inProject('infra', 'deploy', ...words, '--yes'), commands);
  expect(parsed).toMatchObject({ spec: { name: 'infra deploy' }, args: words, options: { yes: true } });
});

it('pipeline infra refuses --env, because the CDK takes stacks', async () => {
  const context = inProject('infra', 'deploy', '--env', 'production');
  expect(await runCli(context)).toBe(2);
  expect(context.stderr.text).toBe(
    'error: --env production: infra deploy takes stacks, not an environment\n' +
      'fix: name stacks instead, e.g. pipeline infra deploy api-production\n',
  );
});

it('pipeline infra refuses a folder without pipelines', async () => {
  const context = fakeContext(['infra', 'synth'], { cwd: '/' });
  expect(await runCli(context)).toBe(2);
  expect(context.stderr.text).toContain('no folder pipelines/');
});
