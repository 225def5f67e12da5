import { DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { readTemplateVersion } from '../../src/aws/launch-templates.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { type Deployed, deployedFleet } from './support/deployed.ts';

const group = 'api-local';
const live = expect.stringMatching(/^LiveGroup/);
let fleet: Deployed;
/** What the configuration says now; a deploy that came before is not undone by the next. */
let max = 12;
let type = 't3.small';

beforeAll(async () => {
  fleet = await deployedFleet();
  await fleet.release();
}, 180_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await fleet?.world.close();
});

afterEach(() => {
  fleet.cloudFormation.heedsUpdatePolicy = true;
});

const configured = (one: Fleet) => ({
  ...one,
  capacity: { ...one.capacity, max },
  instance: { ...one.instance, type },
});
const deploy = () => fleet.cloudFormation.deploy(fleet.stack(configured));

/** What the fleet runs, what it would launch, and its size. */
async function state() {
  const { aws, services } = fleet.world;
  const { min, max, desired, launchTemplate } = await readGroup(aws.autoScaling, group);
  const { imageId } = await readTemplateVersion(aws.ec2, launchTemplate.id, launchTemplate.version);
  const { version, instances } = await readStatus(services);
  return { version, serving: instances.map((one) => one.version), launches: imageId, min, max, desired };
}

describe('a deploy of the infrastructure after a release', () => {
  it('changes nothing when nothing was changed', async () => {
    const before = await state();
    expect(await deploy()).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it.each([true, false])('changes only the maximum (update policy applied: %s)', async (heeded) => {
    fleet.cloudFormation.heedsUpdatePolicy = heeded;
    const before = await state();
    expect(before).toMatchObject({ version: 'v1', serving: ['v1', 'v1', 'v1', 'v1'], min: 4, desired: 4 });
    max += 8;
    expect(await deploy()).toEqual([live, 'GroupApiLocal']);
    expect(await state()).toEqual({ ...before, max });
  });

  it('changes the template, which reaches the fleet with the next release', async () => {
    const before = await state();
    type = 'm5.large';
    expect(await deploy()).toEqual(['Template']);
    expect(await state()).toEqual(before);
    await fleet.release();
    const { aws } = fleet.world;
    const { launchTemplate } = await readGroup(aws.autoScaling, group);
    const { LaunchTemplateVersions } = await aws.ec2.send(
      new DescribeLaunchTemplateVersionsCommand({
        LaunchTemplateId: launchTemplate.id,
        Versions: [launchTemplate.version],
      }),
    );
    expect(LaunchTemplateVersions?.[0]?.LaunchTemplateData?.InstanceType).toBe('m5.large');
    expect(await state()).toMatchObject({ version: 'v2', serving: ['v2', 'v2', 'v2', 'v2'] });
  }, 60_000);

  it('changes both at once', async () => {
    const before = await state();
    type = 'm5.xlarge';
    max += 8;
    expect(await deploy()).toEqual(expect.arrayContaining(['Template', live, 'GroupApiLocal']));
    expect(await state()).toEqual({ ...before, max });
  });

  it.each([true, false])(
    'keeps a scale-out in effect (update policy applied: %s)',
    async (heeded) => {
      fleet.cloudFormation.heedsUpdatePolicy = heeded;
      const { world } = fleet;
      const services = { ...world.services, vcpuQuota: async () => 1000 };
      expect((await world.run(await planScale(services, world.clock, { to: 8 }))).error).toBeUndefined();
      const before = await state();
      expect(before).toMatchObject({ version: 'v2', min: 8, desired: 8 });
      // As the fix of a refused scale-out says.
      max += 8;
      expect(await deploy()).toEqual([live, 'GroupApiLocal']);
      expect(await state()).toEqual({ ...before, max });
      expect((await world.run(await planScaleCancel(services, world.clock))).outcome).toBe('done');
      // Until those that were too many are gone.
      const serving = ['v2', 'v2', 'v2', 'v2'];
      await expect.poll(state, { timeout: 20_000 }).toMatchObject({ min: 4, desired: 4, max, serving });
    },
    60_000,
  );

  it('fails, and changes nothing, when the group cannot be read', async () => {
    const before = await state();
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
    max += 8;
    try {
      await expect(deploy()).rejects.toThrow(/^nothing was changed: .*signature/);
    } finally {
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', fleet.world.cloud.credentials.secretAccessKey);
    }
    expect(await state()).toEqual(before);
  });

  it('would move fleet and minimum if the template had numbers, which the other tests would detect', async () => {
    const stack = fleet.stack(configured).toJSON();
    const { Properties } = stack.Resources.GroupApiLocal;
    Properties.MinSize = '0';
    Properties.LaunchTemplate.Version = '1';
    const before = await state();
    await fleet.cloudFormation.deploy(Template.fromJSON(stack));
    const after = await state();
    expect(after.min).toBe(0);
    expect(after.launches).not.toBe(before.launches);
  });
});
