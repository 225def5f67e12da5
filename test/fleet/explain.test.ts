import {
  DeleteLifecycleHookCommand,
  PutLifecycleHookCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { DeregisterImageCommand, DisableImageCommand, EnableImageCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup, resumeProcesses, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { emptyGroup, waitGroupReady } from '../../src/fleet/group-health.ts';
import { waitFleetHealthy, waitTargetHealthy } from '../../src/fleet/health.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { waitLifecycle } from '../../src/fleet/standby.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseContext } from '../../src/release/state.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

const asg = () => world.aws.autoScaling;
const name = () => world.fleet.names.group;
const size = (desired: number) => setCapacity(asg(), name(), { min: Math.min(4, desired), desired });
const inService = async () =>
  (await readGroup(asg(), name())).instances.filter((one) => one.lifecycle === 'InService').length;

/** What a step that begins now has of its run. */
async function context(): Promise<ReleaseContext> {
  const { services, clock } = world;
  const { facts } = await observeFleet(services);
  return {
    services,
    clock,
    run: { id: 'run-1', operation: 'release', app: 'api', environment: 'local', startedAt: clock.now() },
    state: { ...facts, version: 'v2', commit: 'c' },
    poll: createPoll(clock),
    signal: new AbortController().signal,
    progress: () => undefined,
    note: () => undefined,
    change: (_intent: unknown, apply: (token: string) => Promise<unknown>) => apply('token'),
  } as unknown as ReleaseContext;
}

/** What the error of a wait tells. */
async function told(wait: Promise<unknown>): Promise<{ code: string; message: string; details: string; fix: string }> {
  try {
    await wait;
  } catch (error) {
    const { code, message, details, fix } = error as {
      code: string;
      message: string;
      details: string[];
      fix: string;
    };
    return { code, message, details: details.join('\n'), fix };
  }
  throw new Error('the wait has not given up');
}

afterEach(async () => {
  for (const { id } of world.cloud.faults.list()) world.cloud.faults.clear(id);
  const { suspended } = await readGroup(asg(), name());
  if (suspended.length > 0) await resumeProcesses(asg(), name(), suspended);
  await size(4);
  await world.until(inService, (count) => count === 4);
});

describe('a wait on a group that gives up', () => {
  it('names suspended processes long before its deadline, with the command that resumes them', async () => {
    const waiting = await context();
    await suspendProcesses(asg(), name(), ['Launch', 'AZRebalance']);
    await size(5);
    const began = world.clock.now();
    expect(await told(waitFleetHealthy(waiting))).toMatchObject({
      code: 'group.suspended',
      message: expect.stringMatching(
        /^Launch of api-local is suspended: no instance is launched \(User suspended at 20/,
      ),
      fix: `pipeline local aws autoscaling resume-processes --auto-scaling-group-name ${name()} --scaling-processes Launch`,
    });
    expect(world.clock.now() - began).toBeLessThan(40_000);
  });

  it('names the lifecycle hook that holds an instance, its activity, and the command that completes it', async () => {
    const waiting = await context();
    const hook = { AutoScalingGroupName: name(), LifecycleHookName: 'warm-up' };
    await asg().send(
      new PutLifecycleHookCommand({ ...hook, LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }),
    );
    await size(5);
    const { details, fix } = await told(waitFleetHealthy(waiting));
    await asg().send(new DeleteLifecycleHookCommand(hook));
    const id = (await readGroup(asg(), name())).instances.find((one) => one.lifecycle !== 'InService')?.id;
    expect(details).toBe(
      `Launching a new EC2 instance: ${id} (MidLifecycleAction): it is held by lifecycle hook warm-up, which nothing has completed`,
    );
    expect(fix).toContain(`--lifecycle-hook-name warm-up --instance-id ${id} --lifecycle-action-result CONTINUE`);
  });

  it("counts launches that failed since the run began, with EC2's reason", async () => {
    const waiting = await context();
    world.cloud.faults.add({ kind: 'insufficient-capacity' });
    await size(5);
    const { details } = await told(waitGroupReady(waiting, waiting.state, waiting.state));
    expect(details).toMatch(/^\d+ launches have failed: .*sufficient .*capacity/);
  });

  it('does not mention launches that failed before the run', async () => {
    await world.clock.sleep(120_000);
    const waiting = await context();
    world.cloud.faults.add({ kind: 'never-healthy' });
    await size(5);
    const { details } = await told(waitFleetHealthy(waiting));
    expect(details).not.toContain('failed:');
    expect(details).toMatch(/i-\w+ is (unhealthy|initial): /);
  });

  it('names the image of the launch template when it is disabled, with the command that fixes it', async () => {
    const waiting = await context();
    const { imageId: ImageId = '' } = waiting.state.current;
    await world.aws.ec2.send(new DisableImageCommand({ ImageId }));
    await size(5);
    const { details, fix } = await told(waitFleetHealthy(waiting));
    await world.aws.ec2.send(new EnableImageCommand({ ImageId }));
    expect(details).toContain(`image ${ImageId}, which ${name()} launches, is disabled`);
    expect(details).toMatch(/(a launch has|launches have) failed: The image ID/);
    expect(fix).toBe('pipeline repair api');
  });

  it('names what keeps instances from terminating', async () => {
    const waiting = await context();
    await suspendProcesses(asg(), name(), ['Terminate']);
    const { message } = await told(emptyGroup(waiting, waiting.state));
    expect(message).toContain(`Terminate of ${name()} is suspended: no instance is terminated`);
  });
});

describe('a wait on one instance of a group that times out', () => {
  it('names what keeps the instance from being registered', async () => {
    const waiting = await context();
    await suspendProcesses(asg(), name(), ['AddToLoadBalancer']);
    await size(5);
    await world.until(inService, (count) => count === 5);
    const { instances } = await readGroup(asg(), name());
    const { validationTargetGroupArn } = waiting.state;
    const wait = waitTargetHealthy(waiting, validationTargetGroupArn, instances.at(-1)?.id ?? '', name());
    expect(await told(wait)).toMatchObject({
      code: 'group.suspended',
      message: expect.stringContaining(
        `AddToLoadBalancer of ${name()} is suspended: new instances are not registered with the load balancer`,
      ),
    });
  });

  it('names what keeps the instance in its lifecycle state', async () => {
    const waiting = await context();
    const { instances } = await readGroup(asg(), name());
    Object.assign(waiting.state, { host: { instanceId: instances[0]?.id, address: '' } });
    await suspendProcesses(asg(), name(), ['Launch']);
    const { message, details } = await told(waitLifecycle(waiting, 'Standby'));
    expect(message).toContain(`gave up waiting for ${instances[0]?.id} to be Standby`);
    expect(details).toContain('Launch of');
  });
});

it('a wait reports that the image is gone once it is deregistered', async () => {
  const waiting = await context();
  const { imageId: ImageId = '' } = waiting.state.current;
  await world.aws.ec2.send(new DeregisterImageCommand({ ImageId }));
  await asg().send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name(), DesiredCapacity: 5 }));
  expect((await told(waitFleetHealthy(waiting))).details).toContain(
    `image ${ImageId}, which ${name()} launches, is gone`,
  );
});
