import { expect, it } from 'vitest';
import { loadFleet } from '../../src/config/load.ts';
import { assertOwnNames } from '../../src/config/project.ts';
import { file, minimal, project } from './support/project.ts';

const collide = {
  'api.ts': file(minimal({ environments: { 'x-y': { cloud: 'local' }, local: { cloud: 'local' } } })),
  'api-x.ts': file(minimal({ app: 'api-x', environments: { y: { cloud: 'local' } } })),
};

it('a fleet whose names another file has is refused, and the fleets beside it are not', async () => {
  const projectDir = await project(collide);
  await expect(assertOwnNames(await loadFleet({ projectDir, app: 'api-x' }))).rejects.toMatchObject({
    code: 'config.names-collide',
    details: expect.arrayContaining([expect.stringContaining('pipelines/api.ts in environment x-y')]),
  });
  await assertOwnNames(await loadFleet({ projectDir, app: 'api', environment: 'local' }));
});

it("a file with other mistakes does not prevent changes of another file's fleet", async () => {
  const projectDir = await project({ ...collide, 'api-x.ts': 'export default 7;\n' });
  await assertOwnNames(await loadFleet({ projectDir, app: 'api', environment: 'x-y' }));
});
