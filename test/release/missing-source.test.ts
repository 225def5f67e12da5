import { afterAll, beforeAll, expect, it } from 'vitest';
import { missingFiles } from '../../src/config/missing-files.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create();
}, 60_000);
afterAll(() => world?.close());

const plan = (changes: Partial<Pick<Fleet, 'source' | 'ansible'>>) => {
  const fleet = { ...world.fleet, ...changes };
  return planRelease({ ...world.services, fleet }, world.clock, { ref: 'HEAD' });
};

it('a release is planned with everything that it needs', async () => {
  expect(missingFiles(world.fleet)).toEqual([]);
  await expect(plan({})).resolves.toMatchObject({ operation: 'release' });
});

it.each(['apps/none', 'examples/api/server.js'])(
  'a release of %s, which is not a folder of the commit, is not planned',
  async (path) => {
    const source = { ...world.fleet.source, path };
    await expect(plan({ source })).rejects.toMatchObject({
      code: 'git.bad-path',
      outcome: 'usage',
      message: expect.stringMatching(`^commit \\w{12} of .* has no folder "${path}"$`),
      fix: 'name a commit that has it (--ref), or correct source.path in the pipelines file',
    });
    expect(missingFiles({ ...world.fleet, source }).map((one) => one.setting)).toEqual(['source.path']);
  },
);

it('a release with a missing playbook is not planned', async () => {
  const ansible = { ...world.fleet.ansible, playbook: `${world.dir}/none.yml` };
  await expect(plan({ ansible })).rejects.toMatchObject({
    code: 'config.missing-playbook',
    outcome: 'usage',
    message: `there is no playbook ${world.dir}/none.yml`,
  });
});

it('a missing repository is reported before a missing folder', () => {
  const source = { ...world.fleet.source, repository: `${world.dir}/none` };
  expect(missingFiles({ ...world.fleet, source }).map((one) => one.setting)).toEqual(['source.repository']);
});

it('a path that goes through a file is reported as missing', () => {
  const file = `${world.fleet.source.repository}/examples/api/server.js`;
  const settings = (fleet: Fleet) => missingFiles(fleet).map((one) => one.setting);
  const { ansible, source } = world.fleet;
  expect(settings({ ...world.fleet, source: { ...source, path: 'examples/api/server.js/x' } })).toEqual([
    'source.path',
  ]);
  expect(settings({ ...world.fleet, source: { ...source, repository: `${file}/x` } })).toEqual(['source.repository']);
  expect(settings({ ...world.fleet, ansible: { ...ansible, playbook: `${file}/x` } })).toEqual(['ansible.playbook']);
});

it('missing entries of ansible.files are reported', () => {
  const named = { requirements: `${world.dir}/none.yml`, vaultPasswordFile: `${world.dir}/none`, files: ['none', '.'] };
  const missing = missingFiles({ ...world.fleet, ansible: { ...world.fleet.ansible, ...named } });
  expect(missing.map(({ setting, message }) => `${setting}: ${message}`)).toEqual([
    `ansible.requirements: there is no file ${world.dir}/none.yml`,
    `ansible.vaultPasswordFile: there is no file ${world.dir}/none`,
    `ansible.files: there is no file or folder none in ${world.fleet.projectDir}`,
  ]);
});
