import { describe, expect, it } from 'vitest';
import { loadFleet } from '../../src/config/load.ts';
import { secondsForCounters, shortWindow } from '../../src/config/verify-window.ts';
import { file, minimal, project } from './support/project.ts';

const aws = { cloud: 'aws', region: 'eu-west-1', ledger: { type: 's3', bucket: 'shop-ledger' } };

async function fleetOf(environment: string, release: object = {}) {
  const environments = { local: { cloud: 'local' }, production: aws };
  const projectDir = await project({ 'api.ts': file(minimal({ environments, release })) });
  return loadFleet({ projectDir, app: 'api', environment });
}

describe('the default of the verify window', () => {
  it('is long enough for the counters of the load balancer on AWS, and short in the local cloud', async () => {
    const production = await fleetOf('production');
    expect(production.release.verifySeconds).toBe(300);
    expect(shortWindow(production)).toBeUndefined();
    expect((await fleetOf('local')).release.verifySeconds).toBe(60);
    expect((await fleetOf('production', { verifySeconds: 20 })).release.verifySeconds).toBe(20);
  });
});

describe('a verify window that is too short for the counters', () => {
  it('is named with the value that it needs, for as many consecutive minutes as count', async () => {
    expect(shortWindow(await fleetOf('production', { verifySeconds: 239 }))).toContain(
      'release.verifySeconds is 239 in production, too short to see errors of real requests',
    );
    expect(shortWindow(await fleetOf('production', { verifySeconds: 240 }))).toBeUndefined();
    expect(shortWindow(await fleetOf('production', { healthyReads: 4 }))).toContain('set it to 360 or more');
    expect(secondsForCounters({ healthyReads: 2 })).toBe(240);
  });

  it('is not named where nothing is compared, nor in the local cloud', async () => {
    const watch = { baselineSeconds: 0 };
    expect(shortWindow(await fleetOf('production', { verifySeconds: 5, watch }))).toBeUndefined();
    expect(shortWindow(await fleetOf('local', { verifySeconds: 5 }))).toBeUndefined();
  });
});
