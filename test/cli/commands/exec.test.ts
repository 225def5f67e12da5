import { expect, it } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { fakeContext } from '../support/fake-context.ts';

async function cli(...argv: string[]) {
  const dir = await project({ 'api.ts': file(minimal({})) });
  const context = fakeContext(argv, { cwd: dir, env: {} });
  return { code: await runCli(context), err: context.stderr.text };
}

it.each([
  [['exec', 'api'], "missing required argument 'command'"],
  [['exec', 'api', '--all', '--one', '--', 'ls'], '--all and --one do not go together'],
  [['exec', 'api', '--all', '--instance', 'i-1', '--', 'ls'], '--all and --instance do not go together'],
  [['exec', 'api', '--all', '-i', '--', 'ls'], '-i gives the terminal to one instance'],
  [['exec', 'api', '-i', '--json', '--', 'ls'], '-i and --json do not go together'],
  [['exec', 'api', '-i', '--', 'sh'], '-i needs a terminal'],
  [['exec', 'api', '--version', 'latest', '--', 'ls'], '--version "latest" is not a version'],
  [['exec', 'api', '--instance', '../x', '--', 'ls'], '--instance "../x" is not an instance id'],
  [['ssh', 'api'], 'ssh needs a terminal, and the input or output of this command is not one'],
  [['ssh', 'api', '--json'], 'ssh has no --json'],
  [['logs', 'api', '--since', 'yesterday'], '--since "yesterday" is not a duration'],
  [['logs', 'api', '--since', '2027-03-01T09:30'], 'is not a time with its zone'],
  [['logs', 'api', '--lines', '0'], '--lines "0" is not a whole number above 0'],
  [['logs', 'api', '--grep', ''], '--grep is empty'],
  [['logs', 'api', '--unit', '-x y'], '--unit "-x y" is not a unit of systemd'],
  [['logs', 'api', '--version', '42'], '--version "42" is not a version'],
])('%j is refused with exit code 2, before anything is read of the cloud', async (argv, message) => {
  const { code, err } = await cli(...argv);
  expect(err).toContain(message);
  expect(code).toBe(2);
});

it('words behind -- are those of the command, also where they look like options of the pipeline', async () => {
  const { code, err } = await cli('exec', 'api', '--', 'node', '--version', '--json', '-h');
  // Nothing but the cloud is missing.
  expect(err).toContain('the local cloud is not running');
  expect(code).toBe(1);
});
