import { describe, expect, it } from 'vitest';
import { collisionError, findCollisions } from '../../src/config/collisions.ts';
import { everyFleet } from '../../src/config/project.ts';
import { validate } from '../../src/config/validate.ts';
import { minimal } from './support/project.ts';

const local = { cloud: 'local' };
const aws = { cloud: 'aws', region: 'eu-west-1' };

/** Collisions among the fleets of files with these environments and settings. */
function texts(files: Record<string, Record<string, unknown>>, more: Record<string, unknown> = {}): string[] {
  const pipelines = Object.entries(files).map(([app, environments]) =>
    validate(minimal({ app, environments, ...more }), { app, file: `pipelines/${app}.ts`, projectDir: '/project' }),
  );
  return findCollisions(everyFleet(pipelines)).map((one) => one.text);
}

describe('names collide', () => {
  it('when app and environment of two files make the same names', () => {
    const found = texts({ api: { 'x-y': aws }, 'api-x': { y: aws } });
    const both = 'pipelines/api.ts in environment x-y and pipelines/api-x.ts in environment y';
    expect(found).toContain(
      `api-x-y (Auto Scaling group, target group, launch template, listener 80 of the load balancer, CloudFormation stack): ${both}`,
    );
    expect(found).toContain(`api-x-y-check (target group of the validation instance): ${both}`);
    expect(found).toContain(`api-x-y- (image prefix): ${both}`);
  });

  it("when an environment is named like the end of another's validation target group", () => {
    const where = 'pipelines/api.ts in environment local and pipelines/api.ts in environment local-check';
    expect(texts({ api: { local, 'local-check': local } })).toEqual([
      `api-local-check (target group of the validation instance and target group): ${where}`,
    ]);
  });

  it("when an environment is named like the end of another's second group, with any strategy", () => {
    const where = 'pipelines/api.ts in environment local and pipelines/api.ts in environment local-green';
    expect(texts({ api: { local, 'local-green': local } })).toEqual([
      `api-local-green (second Auto Scaling group and Auto Scaling group, second target group and target group): ${where}`,
    ]);
  });

  it('when one fleet has a name twice', () => {
    const names = { targetGroup: 'api', validationTargetGroup: 'api' };
    expect(texts({ api: { local } }, { names })).toEqual([
      'api (target group and target group of the validation instance): twice in pipelines/api.ts in environment local',
    ]);
  });

  it('when a search for base images by name would find golden images', () => {
    const found = texts({ api: { local }, web: { local } }, { instance: { baseImage: 'api-*' } });
    expect(found).toContain(
      'api-local- (image prefix of pipelines/api.ts in environment local) fits api-* (instance.baseImage of pipelines/web.ts in environment local)',
    );
    expect(texts({ api: { local } }, { instance: { baseImage: '123456789012/api-*' } })).toEqual([]);
    expect(texts({ api: { local } }, { instance: { baseImage: 'api.local-*' } })).toEqual([]);
  });

  it('when a ledger is inside the folder of another', () => {
    const inner = { cloud: 'local', ledger: { path: '.pipeline/ledger/local' } };
    expect(texts({ api: { local, deep: inner } })).toEqual([
      '/project/.pipeline/ledger/local/deep (ledger of pipelines/api.ts in environment deep) is inside /project/.pipeline/ledger/local (ledger of pipelines/api.ts in environment local)',
    ]);
  });
});

describe('names do not collide', () => {
  it('in different regions, in different clouds, and when names only start alike', () => {
    expect(texts({ api: { 'x-y': aws }, 'api-x': { y: { ...aws, region: 'eu-north-1' } } })).toEqual([]);
    expect(texts({ api: { 'x-y': aws }, 'api-x': { y: local } })).toEqual([]);
    expect(texts({ api: { local, staging: aws, production: aws }, 'api-v2': { local }, web: { local } })).toEqual([]);
  });

  it('on a load balancer shared by fleets that have their own listeners', () => {
    const names = (own: string) => ({
      ...local,
      names: { loadBalancer: 'shared' },
      balancer: { listenerPort: Number(own) },
    });
    expect(texts({ api: { local: names('80') }, web: { local: names('81') } })).toEqual([]);
    expect(texts({ api: { local: names('80') }, web: { local: names('80') } })).toHaveLength(1);
  });
});

it('the collision error is a usage error that names each collision and the fix', () => {
  const pipeline = validate(minimal({ environments: { local, 'local-check': local } }), {
    app: 'api',
    file: 'pipelines/api.ts',
    projectDir: '/project',
  });
  expect(collisionError(findCollisions(everyFleet([pipeline])))).toMatchObject({
    code: 'config.names-collide',
    outcome: 'usage',
    details: [expect.stringContaining('api-local-check')],
    fix: expect.stringContaining('names'),
  });
});
