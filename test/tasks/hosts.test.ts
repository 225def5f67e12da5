import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enterStandby, readGroup, setCapacity } from '../../src/aws/groups.ts';
import { readListener, readRoutes, setWeights } from '../../src/aws/listeners.ts';
import { readLive } from '../../src/fleet/observe.ts';
import type { Host } from '../../src/hosts/types.ts';
import { defineTask } from '../../src/tasks/define.ts';
import { onEveryHost, onOneHost } from '../../src/tasks/hosts.ts';
import { type Rehearsal, rehearse } from './support/rehearsal.ts';

let stage: Rehearsal;
/** Instances that a program was started on, in order. */
let asked: string[];
/** What an instance answers. */
let answer: (host: Host) => Promise<string>;

const unreachable = new PipelineError('ssh.unreachable', 'it has not printed its SSH host keys on its console');
const one = defineTask({
  summary: 'ask one instance',
  describe: () => [],
  run: async (context) => context.note(await onOneHost(context, ['program'])),
});
const every = defineTask({
  summary: 'ask every instance',
  describe: () => [],
  run: async (context) => context.note(JSON.stringify(Object.keys(await onEveryHost(context, ['program'])).sort())),
});

async function start(settings: Record<string, unknown> = {}) {
  stage = await rehearse({ release: { pollSeconds: 0.1, ...settings } });
  stage.services.hosts.run = async (host) => {
    asked.push(host.instanceId);
    return answer(host);
  };
}

beforeEach(() => {
  asked = [];
  answer = async (host) => `from ${host.instanceId}`;
});
afterEach(() => stage.close());

const members = async (group: string) =>
  (await readGroup(stage.aws.autoScaling, group)).instances
    .filter((member) => member.lifecycle === 'InService')
    .map((member) => member.id)
    .sort();

/** Gives a group so many instances, and resolves with their ids once they are in service. */
async function grow(group: string, desired: number): Promise<string[]> {
  await setCapacity(stage.aws.autoScaling, group, { min: 0, max: 10, desired });
  return stage.until(
    () => members(group),
    (ids) => ids.length >= desired,
  );
}

describe('a task in a blue/green fleet', () => {
  it.each([
    [0, 100],
    [20, 80],
  ])('runs programs in the group with the traffic: blue %i, green %i', async (blueWeight, greenWeight) => {
    await start({ strategy: 'blue-green' });
    const { names, balancer } = stage.fleet;
    await grow(names.group, 1);
    const green = await grow(names.greenGroup, 2);
    const blueTargets = (await readLive(stage.services)).targetGroupArn;
    const greenTargets = (await readGroup(stage.aws.autoScaling, names.greenGroup)).targetGroupArns[0] ?? '';
    const { arn } = await readListener(stage.aws.elb, names.loadBalancer, balancer.listenerPort);
    const everybody = (await readRoutes(stage.aws.elb, arn)).find((route) => !route.header);
    if (!everybody) throw new Error('no route for everybody');
    await setWeights(stage.aws.elb, everybody, [
      { targetGroupArn: blueTargets, weight: blueWeight },
      { targetGroupArn: greenTargets, weight: greenWeight },
    ]);
    expect(await stage.run(every)).toMatchObject({ outcome: 'done' });
    expect(JSON.parse(stage.notes.at(-1) ?? '')).toEqual(green);
    expect(await stage.run(one)).toMatchObject({ outcome: 'done' });
    expect(green).toContain(asked.at(-1));
  });
});

describe('a task on one instance', () => {
  let ids: string[];
  beforeEach(async () => {
    await start();
    ids = await grow(stage.fleet.names.group, 3);
  });

  it('runs on an instance in service, whatever the order of ids', async () => {
    await enterStandby(stage.aws.autoScaling, stage.fleet.names.group, [ids[0] ?? '']);
    await stage.until(
      () => members(stage.fleet.names.group),
      (leftovers) => leftovers.length <= 2,
    );
    await stage.run(one);
    await stage.run(every);
    expect(asked).toHaveLength(3);
    expect(asked).not.toContain(ids[0]);
  });

  it('runs on the next one when one cannot be reached or is terminated meanwhile', async () => {
    answer = async (host) => {
      if (asked.length === 1) throw unreachable;
      if (asked.length > 2) return `from ${host.instanceId}`;
      await stage.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [host.instanceId] }));
      throw new PipelineError('ssh.failed', 'the connection was lost');
    };
    expect(await stage.run(one)).toMatchObject({ outcome: 'done' });
    expect(new Set(asked).size).toBe(3);
    expect(stage.notes).toEqual([`from ${asked[2]}`]);
  });

  it('is retried while all still boot, and the error names what prevented each', async () => {
    answer = async (host) => {
      if (asked.length < 8) throw unreachable;
      return `from ${host.instanceId}`;
    };
    expect(await stage.run(one)).toMatchObject({ outcome: 'done' });
    expect(asked).toHaveLength(8);
    answer = () => Promise.reject(unreachable);
    stage.fleet.release.timeouts.health = 2;
    const { error, outcome } = await stage.run(one);
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({
      code: 'task.unreachable',
      details: expect.arrayContaining(ids.map((id) => `${id}: ${unreachable.message}`)),
    });
  });

  it('does not move to another one when the program itself fails', async () => {
    answer = () => Promise.reject(new PipelineError('ssh.failed', 'exit 1: no such queue'));
    expect(await stage.run(one)).toMatchObject({ error: { message: 'exit 1: no such queue' } });
    expect(asked).toHaveLength(1);
  });
});

describe('a task on every instance', () => {
  it('waits for one that boots, and omits one that is terminated meanwhile', async () => {
    await start();
    const ids = await grow(stage.fleet.names.group, 3);
    const waited: string[] = [];
    stage.services.hosts.waitReachable = async (host) => void waited.push(host.instanceId);
    answer = async (host) => {
      if (host.instanceId === ids[1] && waited.length === 0) throw unreachable;
      if (host.instanceId !== ids[2]) return '';
      await stage.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [host.instanceId] }));
      throw unreachable;
    };
    expect(await stage.run(every)).toMatchObject({ outcome: 'done' });
    expect(waited).toEqual([ids[1]]);
    expect(JSON.parse(stage.notes.at(-1) ?? '')).toEqual([ids[0], ids[1]]);
  });

  it('runs on the others when one fails, which is named', async () => {
    await start();
    const ids = await grow(stage.fleet.names.group, 2);
    answer = async (host) => {
      if (host.instanceId === ids[0]) throw new PipelineError('ssh.failed', 'exit 1: the disk is full');
      return '';
    };
    expect(await stage.run(every)).toMatchObject({
      error: { code: 'task.hosts-failed', details: [`${ids[0]}: exit 1: the disk is full`] },
    });
    expect(asked.sort()).toEqual(ids);
  });
});

it('a task fails at once when a fleet has no instances', async () => {
  await start();
  await setCapacity(stage.aws.autoScaling, stage.fleet.names.group, { min: 0, desired: 0 });
  const { error } = await stage.run(one);
  expect(error).toMatchObject({ code: 'task.no-hosts', fix: 'release first: pipeline release api' });
  expect(asked).toEqual([]);
});
