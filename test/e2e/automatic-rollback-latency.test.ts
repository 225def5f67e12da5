import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectBack, releaseBad, watchClosely } from './support/bad-release.ts';
import { World } from './support/world.ts';

let world: World;

const start = `router.get('/', (_request, response) => send(response, 200, availability(config)));`;
const startAfter = (ms: number) =>
  `router.get('/', (_request, response) => setTimeout(() => send(response, 200, availability(config)), ${ms}));`;

beforeAll(async () => {
  world = await World.create();
  await watchClosely(world);
  // A version before that has something to be compared with.
  await world.edit('examples/api/src/api.js', start, startAfter(40));
  await world.project.commit('Answers take 40 ms');
  await world.up();
  await world.json('release', 'api');
});
afterAll(() => world?.close());

describe('a bad release returns to the old version automatically, with exit code 3', () => {
  it('when the app answers ten times slower: detected by response times, no request fails', async () => {
    const { ended, report, total } = await releaseBad(world, {
      file: 'examples/api/src/api.js',
      from: startAfter(40),
      to: startAfter(400),
    });
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report.evidence.faults.map((fault) => fault.check)).toContain('latency');
    const probed = report.evidence.probes.find((one) => one.path === '/');
    expect(probed?.before?.medianMs).toBeLessThan(250);
    expect(probed?.byVersion[report.version]?.medianMs).toBeGreaterThanOrEqual(400);
    expect(total.failures).toEqual({});
    await expectBack(world, report);
  });
});
