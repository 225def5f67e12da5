import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assertTools } from '../../src/hosts/tools.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tools-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('every missing program is named with the package that has it, and a file that cannot be executed counts as missing', async () => {
  await writeFile(join(folder, 'git'), '');
  await chmod(join(folder, 'git'), 0o755);
  await writeFile(join(folder, 'ssh'), '');
  expect(() => assertTools({}, `/nowhere:${folder}`)).toThrow(
    expect.objectContaining({
      code: 'tools.missing',
      outcome: 'usage',
      message: expect.stringContaining('ssh, ansible-playbook'),
      fix: 'apt-get install openssh-client ansible-core',
    }),
  );
  for (const name of ['ssh', 'ansible-playbook']) {
    await writeFile(join(folder, name), '');
    await chmod(join(folder, name), 0o755);
  }
  expect(() => assertTools({ via: 'direct' }, folder)).not.toThrow();
  expect(() => assertTools({ via: 'ssm' }, folder)).toThrow(
    expect.objectContaining({
      message: 'not found on this computer: aws, session-manager-plugin',
      fix: expect.stringMatching(/^apt-get install awscli; install the plugin: https:/),
    }),
  );
});
