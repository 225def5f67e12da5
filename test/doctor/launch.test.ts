import { DeleteLifecycleHookCommand, PutLifecycleHookCommand } from '@aws-sdk/client-auto-scaling';
import { DeregisterImageCommand, DisableImageCommand, EnableImageCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readGroup, resumeProcesses, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { expectRunnable } from './support/printed-fixes.ts';

let fleet: ScalingFleet;
beforeAll(async () => {
  fleet = await scalingFleet();
}, 60_000);
afterAll(() => fleet?.close());

const asg = () => fleet.aws.autoScaling;
const name = () => fleet.services.fleet.names.group;
const wait = (seconds: number) => fleet.clock.sleep(seconds * 1000);
const size = (desired: number) => setCapacity(asg(), name(), { desired });

/** Findings of a severity, as `id: message | fix`. */
async function found(severity: 'error' | 'warning'): Promise<string[]> {
  const all = await diagnose(fleet.services, fleet.clock);
  await expectRunnable(all);
  return all.filter((one) => one.severity === severity).map((one) => `${one.id}: ${one.message} | ${one.fix}`);
}

afterEach(async () => {
  for (const { id } of fleet.cloud.faults.list()) fleet.cloud.faults.clear(id);
  const { suspended } = await readGroup(asg(), name());
  if (suspended.length > 0) await resumeProcesses(asg(), name(), suspended);
  await size(4);
  await fleet.until(
    async () => (await readGroup(asg(), name())).instances.map((one) => one.lifecycle),
    (all) => all.length === 4 && all.every((one) => one === 'InService'),
  );
});

it('doctor does not report passed for an image that cannot be launched', async () => {
  const words = async () => (await diagnose(fleet.services, fleet.clock)).map((one) => one.message);
  const well = `nothing keeps ${name()} from launching instances`;
  expect(await words()).toContain(well);
  const ImageId = (await fleet.services.ledger.release('api', 'v1'))?.image?.imageId ?? '';
  await fleet.aws.ec2.send(new DisableImageCommand({ ImageId }));
  expect(await words()).not.toContain(well);
  await fleet.aws.ec2.send(new EnableImageCommand({ ImageId }));
});

it('doctor finds nothing wrong with a fleet that can launch instances', async () => {
  expect(await found('error')).toEqual([]);
  const all = await diagnose(fleet.services, fleet.clock);
  expect(all).toContainEqual({
    id: 'fleet.launch',
    severity: 'ok',
    message: `nothing keeps ${name()} from launching instances`,
  });
});

it('a suspended Launch is an error, and a suspended AZRebalance is not', async () => {
  await suspendProcesses(asg(), name(), ['AZRebalance']);
  expect(await found('error')).toEqual([]);
  await suspendProcesses(asg(), name(), ['Launch']);
  expect(await found('error')).toEqual([
    `fleet.suspended: processes of ${name()} are suspended: AZRebalance, Launch | pipeline local aws autoscaling resume-processes --auto-scaling-group-name ${name()} --scaling-processes AZRebalance Launch`,
  ]);
});

it('failed launches are an error while instances are missing, then a warning, and nothing after a successful launch', async () => {
  const { id } = fleet.cloud.faults.add({ kind: 'insufficient-capacity' });
  await size(5);
  await wait(10);
  expect((await found('error')).join('\n')).toMatch(/fleet.launch: api-local: .* failed: .*sufficient .*capacity/);
  fleet.cloud.faults.clear(id);
  await size(4);
  expect(await found('error')).toEqual([]);
  expect((await found('warning')).join('\n')).toContain('fleet.launch: api-local:');
  await size(5);
  await fleet.until(
    async () => (await readGroup(asg(), name())).instances.filter((one) => one.lifecycle === 'InService').length,
    (count) => count === 5,
  );
  expect((await found('warning')).join('\n')).not.toContain('fleet.launch');
});

it('a lifecycle hook that holds an instance longer than release.timeouts.health is an error', async () => {
  const hook = { AutoScalingGroupName: name(), LifecycleHookName: 'warm-up' };
  await asg().send(new PutLifecycleHookCommand({ ...hook, LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }));
  await size(5);
  await wait(10);
  expect(await found('error')).toEqual([]);
  expect((await found('warning')).join('\n')).toContain('fleet.hook: ');
  await wait(fleet.services.fleet.release.timeouts.health);
  const errors = (await found('error')).join('\n');
  await asg().send(new DeleteLifecycleHookCommand(hook));
  expect(errors).toMatch(/fleet.hook: Launching a new EC2 instance: i-\w+ .*held by lifecycle hook warm-up/);
  expect(errors).toContain('pipeline local aws autoscaling complete-lifecycle-action');
});

it('the image in the template is an error when it is disabled or gone', async () => {
  const ImageId = (await fleet.services.ledger.release('api', 'v1'))?.image?.imageId ?? '';
  await fleet.aws.ec2.send(new DisableImageCommand({ ImageId }));
  const launched = `images.serving: image ${ImageId} of v1, which ${name()} launches`;
  expect(await found('error')).toContain(`${launched}, is disabled: no instance can be launched | pipeline repair api`);
  await fleet.aws.ec2.send(new EnableImageCommand({ ImageId }));
  expect(await found('error')).toEqual([]);
  await fleet.aws.ec2.send(new DeregisterImageCommand({ ImageId }));
  expect(await found('error')).toContain(`${launched}, is gone: no instance can be launched | pipeline repair api`);
  // The template still tells which release that was.
  const all = await diagnose(fleet.services, fleet.clock);
  expect(all.find((one) => one.id === 'fleet.health')?.message).toBe(`${name()} serves v1 on 4 instances`);
});
