import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { readListener, readRoutes } from '../../src/aws/listeners.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { type Deployed, deployedFleet } from './support/deployed.ts';

let fleet: Deployed;
/** What the configuration says now; a deploy that came before is not undone by the next. */
let max = 12;
let port = 8080;

const rolling = (one: Fleet): Fleet => ({ ...one, release: { ...one.release, strategy: 'rolling' } });
const configured = (one: Fleet): Fleet => ({
  ...one,
  capacity: { ...one.capacity, max },
  balancer: { ...one.balancer, listenerPort: port },
});
const deploy = (change = configured) => fleet.cloudFormation.deploy(fleet.stack(change));

beforeAll(async () => {
  fleet = await deployedFleet(
    [['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400000, verifySeconds: 5,"]],
    rolling,
  );
}, 180_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await fleet?.world.close();
});

/** Both groups, who serves, and every route with its weights. */
async function state() {
  const { aws, services, fleet: one } = fleet.world;
  const groups = ['api-local', 'api-local-green'].map((name) => readGroup(aws.autoScaling, name));
  const listener = await readListener(aws.elb, one.names.loadBalancer, 8080);
  const { version, instances } = await readStatus(services);
  const routes = (await readRoutes(aws.elb, listener.arn)).filter((route) => !route.header);
  const named = routes.flatMap((route) => route.weights.filter((one) => one.weight > 0));
  return {
    groups: (await Promise.all(groups)).map(({ min, desired, launchTemplate }) => ({ min, desired, launchTemplate })),
    instances: instances.map((instance) => `${instance.group} ${instance.version} ${instance.health}`).sort(),
    routes: routes.map(({ arn, weights }) => ({ arn, weights })),
    serves: named.map((one) => one.targetGroupArn.split('/')[1]),
    version,
  };
}

describe('a deploy of the infrastructure of a blue/green fleet', () => {
  it('adds the second group without a change of the listener', async () => {
    const changed = await deploy();
    expect(changed).toEqual(expect.arrayContaining(['GroupApiLocalGreen', 'TargetGroupApiLocalGreen', 'ServingRule']));
    for (const id of ['Listener', 'LoadBalancer', 'GroupApiLocal', 'Template']) expect(changed).not.toContain(id);
  });

  it('moves neither traffic nor versions while green serves', async () => {
    await fleet.release();
    await fleet.release();
    const before = await state();
    expect(before).toMatchObject({ version: 'v2', serves: ['api-local-green'] });
    max += 8;
    expect(await deploy()).toEqual(expect.arrayContaining(['GroupApiLocal', 'GroupApiLocalGreen']));
    expect(await state()).toEqual(before);
    // A change of the listener sends its default action again.
    port = 8081;
    expect(await deploy()).toContain('Listener');
    port = 8080;
    expect(await deploy()).toContain('Listener');
    expect(await state()).toEqual(before);
  }, 60_000);

  it('is refused when it removes green while it serves, and changes nothing', async () => {
    const before = await state();
    await expect(deploy((one) => rolling(configured(one)))).rejects.toThrow(
      /^nothing was changed: .*targetgroup\/api-local-green\/.* still receives traffic: shift all traffic to the other group/,
    );
    expect(await state()).toEqual(before);
  });

  it('removes green once blue has all requests', async () => {
    const { world } = fleet;
    const { outcome } = await world.run(await planRollback(world.services, world.clock, { force: false }));
    expect(outcome).toBe('done');
    const before = await state();
    expect(before).toMatchObject({ version: 'v1', serves: ['api-local'] });
    expect(await deploy((one) => rolling(configured(one)))).toContain('ServingRule');
    const after = await state();
    const ofBlue = (one: typeof before) => one.instances.filter((instance) => instance.startsWith('api-local v1'));
    expect(ofBlue(before)).toHaveLength(4);
    expect(ofBlue(after)).toEqual(ofBlue(before));
    expect(after).toMatchObject({ version: 'v1', serves: ['api-local'] });
  }, 60_000);
});
