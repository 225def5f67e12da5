import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listApps, loadFleet, loadPipeline } from '../../src/config/load.ts';
import { file, minimal, project } from './support/project.ts';

const environments = {
  staging: {
    cloud: 'aws',
    region: 'eu-west-1',
    capacity: { max: 4 },
    ledger: { path: 'shared/ledger' },
    instance: { subnetIds: ['subnet-1', 'subnet-2'] },
  },
  production: {
    inherits: 'staging',
    capacity: { min: 3, max: 350 },
    release: { refresh: { minHealthyPercentage: 90, maxHealthyPercentage: 110 } },
    instance: { subnetIds: ['subnet-3'] },
  },
};

describe('loadFleet', () => {
  it('sets the default of everything that a minimal file omits', async () => {
    const projectDir = await project({ 'api.ts': file(minimal()) });
    const fleet = await loadFleet({ projectDir, app: 'api' });
    expect(fleet).toMatchObject({
      app: 'api',
      environment: 'local',
      cloud: 'local',
      region: 'eu-west-1',
      source: { repository: projectDir, path: '.' },
      ansible: { playbook: join(projectDir, 'ansible/api.yml'), variables: {}, files: [] },
      service: { port: 3000, stagingPort: 3001, healthPath: '/health' },
      instance: { baseImage: 'golden-base-*', securityGroupIds: [], subnetIds: [] },
      balancer: {
        listenerPort: 80,
        deregistrationDelaySeconds: 30,
        validationHeader: 'x-golden-validation',
        healthCheck: { path: '/health' },
      },
      release: {
        bake: 'detach',
        keep: 5,
        keepOnHost: 3,
        minimumAgeHours: 24,
        retireGraceHours: 72,
        copyRegions: [],
        verifySeconds: 60,
        healthyReads: 2,
        pollSeconds: 5,
        refresh: { minHealthyPercentage: 100, maxHealthyPercentage: 200, instanceWarmupSeconds: 0 },
      },
      ssh: { user: 'admin', port: 22, hostKeys: 'console', privateKey: join(homedir(), '.ssh/id_ed25519') },
      ledger: { type: 'files', path: join(projectDir, '.pipeline/ledger'), prefix: 'ledger' },
      names: {
        group: 'api-local',
        targetGroup: 'api-local',
        validationTargetGroup: 'api-local-check',
        imagePrefix: 'api-local-',
      },
    });
  });

  it('searches for copies in the regions of all environments of the same kind of cloud, or in the configured ones', async () => {
    const there = { inherits: 'staging', region: 'us-east-1' };
    const local = { cloud: 'local', region: 'eu-central-1' };
    const regionsOf = async (release: object) => {
      const all = { ...environments, there, local };
      const projectDir = await project({ 'api.ts': file(minimal({ environments: all, release })) });
      const fleets = ['staging', 'there', 'local'].map((environment) =>
        loadFleet({ projectDir, app: 'api', environment }),
      );
      return (await Promise.all(fleets)).map((fleet) => fleet.release.copyRegions);
    };
    expect(await regionsOf({})).toEqual([['us-east-1'], ['eu-west-1'], []]);
    expect(await regionsOf({ copyRegions: [] })).toEqual([[], [], []]);
    expect(await regionsOf({ copyRegions: ['eu-west-1', 'ap-south-1'] })).toEqual([
      ['ap-south-1'],
      ['eu-west-1', 'ap-south-1'],
      ['eu-west-1', 'ap-south-1'],
    ]);
  });

  it('inherits, overrides key by key, replaces lists and keeps shared settings', async () => {
    const projectDir = await project({
      'api.ts': file(minimal({ environments, release: { verifySeconds: 5, refresh: { instanceWarmupSeconds: 7 } } })),
    });
    const production = await loadFleet({ projectDir, app: 'api', environment: 'production' });
    expect(production.region).toBe('eu-west-1');
    expect(production.capacity).toEqual({ min: 3, max: 350 });
    expect(production.instance.subnetIds).toEqual(['subnet-3']);
    expect(production.release.verifySeconds).toBe(5);
    expect(production.release.refresh).toEqual({
      minHealthyPercentage: 90,
      maxHealthyPercentage: 110,
      instanceWarmupSeconds: 7,
    });
    expect(production.names.group).toBe('api-production');
    const staging = await loadFleet({ projectDir, app: 'api', environment: 'staging' });
    expect(staging.capacity).toEqual({ min: 2, max: 4 });
  });

  it('uses defaultEnvironment, and requires an environment when there is none', async () => {
    const set = await project({ 'api.ts': file(minimal({ environments, defaultEnvironment: 'production' })) });
    expect((await loadFleet({ projectDir: set, app: 'api' })).environment).toBe('production');
    const unset = await project({ 'api.ts': file(minimal({ environments })) });
    await expect(loadFleet({ projectDir: unset, app: 'api' })).rejects.toMatchObject({
      code: 'config.which-environment',
      outcome: 'usage',
      fix: expect.stringContaining('staging, production'),
    });
  });

  it('refuses unknown apps and environments with the nearest name', async () => {
    const projectDir = await project({ 'api.ts': file(minimal({ environments })), 'frontend.ts': file(minimal()) });
    await expect(loadFleet({ projectDir, app: 'frontned' })).rejects.toMatchObject({
      code: 'config.unknown-app',
      message: 'there is no app "frontned"',
      fix: 'did you mean frontend? (apps: api, frontend)',
    });
    await expect(loadFleet({ projectDir, app: 'api', environment: 'producton' })).rejects.toMatchObject({
      code: 'config.unknown-environment',
      fix: expect.stringContaining('did you mean production?'),
    });
    await expect(loadFleet({ projectDir, app: '../api' })).rejects.toMatchObject({ code: 'name.app' });
    await expect(loadFleet({ projectDir, app: 'api', environment: ';rm' })).rejects.toMatchObject({
      code: 'name.environment',
    });
    await expect(loadFleet({ projectDir: join(projectDir, 'none'), app: 'api' })).rejects.toMatchObject({
      code: 'config.no-pipelines',
    });
  });
});

describe('loadPipeline', () => {
  it('names the file that cannot be loaded and the reason, without a stack', async () => {
    const projectDir = await project({
      'api.ts': 'throw new Error("no VPC configured");',
      'broken.ts': 'export default {\n  app: ',
      'empty.ts': 'export const config = {};',
      'lost.ts': "import './not-there.ts';\nexport default {};",
    });
    await expect(loadPipeline({ projectDir, app: 'api' })).rejects.toMatchObject({
      code: 'config.unreadable',
      outcome: 'usage',
      message: 'pipelines/api.ts cannot be loaded: no VPC configured',
    });
    await expect(loadPipeline({ projectDir, app: 'empty' })).rejects.toMatchObject({
      code: 'config.no-default-export',
      fix: expect.stringContaining('export default definePipeline'),
    });
    for (const app of ['broken', 'lost']) {
      const error = await loadPipeline({ projectDir, app }).catch((caught) => caught);
      expect(error).toMatchObject({ code: 'config.unreadable', outcome: 'usage' });
      expect([error.message, ...error.details].join('\n')).not.toMatch(/\n\s+at /);
    }
  });

  it('reloads a changed file in the same process', async () => {
    const projectDir = await project({ 'api.ts': file(minimal()) });
    expect((await loadFleet({ projectDir, app: 'api' })).service.port).toBe(3000);
    await writeFile(join(projectDir, 'pipelines/api.ts'), file(minimal({ service: { port: 4000 } })));
    expect((await loadFleet({ projectDir, app: 'api' })).service.port).toBe(4000);
  });

  it('requires that the app has the name of its file', async () => {
    const projectDir = await project({ 'frontend.ts': file(minimal()) });
    await expect(loadPipeline({ projectDir, app: 'frontend' })).rejects.toMatchObject({
      details: ['app: "api", expected \'frontend\', the name of the file'],
    });
  });
});

describe('listApps', () => {
  it('lists the files that can be apps, sorted, and none without the folder', async () => {
    const projectDir = await project({
      'frontend.ts': '',
      'api.ts': '',
      'types.d.ts': '',
      'README.md': '',
      '_shared.ts': '',
    });
    expect(await listApps(projectDir)).toEqual(['api', 'frontend']);
    expect(await listApps(join(projectDir, 'none'))).toEqual([]);
  });
});
