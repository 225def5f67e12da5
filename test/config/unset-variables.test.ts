import { expect, it } from 'vitest';
import { loadFleet } from '../../src/config/load.ts';
import { unsetVariables } from '../../src/config/unset-variables.ts';
import { project } from './support/project.ts';

/** The fleet of a file whose variables, for all and for production, are this source. */
async function fleetOf(variables: string, production: string, environment = 'production') {
  const text = `export default {
  app: 'api', source: {}, ansible: { playbook: 'ansible/api.yml', variables: ${variables} }, service: { port: 3000 },
  environments: {
    staging: { cloud: 'local', ansible: { variables: { region: 'staging' } } },
    production: { inherits: 'staging', ansible: { variables: ${production} } },
  },
} as never;
`;
  return loadFleet({ projectDir: await project({ 'api.ts': text }), app: 'api', environment });
}

it.each([
  ['{ key: process.env.GP_NOT_SET }', ['key']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file that has the template
  ['{ key: `${process.env.GP_NOT_SET}` }', ['key']],
  ['{ workers: Number(process.env.GP_NOT_SET) }', ['workers']],
  ['{ env: { KEY: process.env.GP_NOT_SET, MODE: "x" }, list: ["a", process.env.GP_NOT_SET] }', ['env.KEY', 'list[1]']],
  ['{ key: () => "late" }', ['key']],
  ['{ key: "", none: null, off: false, zero: 0, list: [], group: {} }', []],
])('a variable without a value is found in %s', async (variables, unset) => {
  const { ansible } = await fleetOf(variables, '{}');
  expect(unsetVariables(ansible.variables)).toEqual(unset);
});

it('a value that an environment unsets is not inherited', async () => {
  const { ansible } = await fleetOf(
    '{ key: "of all", env: { KEY: "of all" } }',
    '{ key: undefined, env: { KEY: undefined } }',
  );
  expect(unsetVariables(ansible.variables)).toEqual(['key', 'env.KEY']);
});

it('a value that is unset for all may be set by the environment', async () => {
  const { ansible } = await fleetOf('{ key: undefined, other: 1 }', '{ key: "own" }');
  expect(ansible.variables).toEqual({ key: 'own', other: 1, region: 'staging' });
  expect(unsetVariables((await fleetOf('{ key: undefined }', '{ key: "own" }', 'staging')).ansible.variables)).toEqual([
    'key',
  ]);
});
