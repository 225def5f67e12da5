import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { until as waitUntil } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readListener } from '../../src/aws/listeners.ts';
import { readRules } from '../../src/aws/rules.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { Step } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { type RunReport, runOperation } from '../../src/runner/run-operation.ts';
import { taskOperation } from '../../src/tasks/operation.ts';
import { planTask } from '../../src/tasks/plan.ts';
import { maintenanceOff, maintenanceOn } from '../../src/tasks/ready.ts';
import type { Task, TaskState } from '../../src/tasks/types.ts';
import { DirectCloud } from '../support/direct-cloud.ts';
import { fakeLedger } from './support/fake-ledger.ts';
import { type RunnerOfTest, runnerOfTest } from './support/runner-context.ts';

const minute = 60_000;
let cloud: DirectCloud;
let dir: string;
let fake: ReturnType<typeof fakeLedger>;
let services: Services;

beforeEach(async () => {
  cloud = new DirectCloud();
  await cloud.start();
  dir = await mkdtemp(path.join(tmpdir(), 'gp-parts-'));
  await writeFile(path.join(dir, 'soon.html'), 'back soon');
  const { elb, ec2 } = cloud.clients();
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name: 'web', Subnets: Subnets?.flatMap((one) => one.SubnetId ?? []) }),
  );
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({ Name: 'web', VpcId: Subnets?.[0]?.VpcId, Protocol: 'HTTP', Port: 80 }),
  );
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn }],
    }),
  );
  await cloud.clock.advance(minute);
  fake = fakeLedger();
  const fleet = {
    app: 'web',
    environment: 'local',
    cloud: 'local',
    projectDir: dir,
    names: { loadBalancer: 'web' },
    balancer: { listenerPort: 80, validationHeader: 'x-golden-validation' },
    release: { pollSeconds: 1, timeouts: { health: 60 } },
  } as Fleet;
  services = {
    fleet,
    aws: cloud.clients(),
    ledger: fake.ledger,
    by: 'ann@h',
    // What a balancer with these rules answers.
    probe: async () => ({
      ...((await pageIsOn()) ? { status: 503, body: 'back soon' } : { status: 200, body: 'site' }),
      ms: 1,
    }),
  } as Partial<Services> as Services;
});
afterEach(async () => {
  cloud.close();
  await rm(dir, { recursive: true, force: true });
});

async function pageIsOn(): Promise<boolean> {
  const { elb } = cloud.clients();
  const { arn } = await readListener(elb, 'web', 80);
  return (await readRules(elb, arn)).some((rule) => rule.actions[0]?.Type === 'fixed-response');
}

/** Starts a run; `outcome` and `report` are known once it has finished, `error` if it could not begin. */
async function start(name: string, one: Task, inputs: Record<string, unknown> = {}) {
  const runner = runnerOfTest(cloud.clock, `pipeline web ${name}`);
  const steps = await one.steps(inputs, services.fleet);
  const plan = await planTask(services, cloud.clock, { name, steps, inputs });
  const started: { runner: RunnerOfTest; report?: RunReport<TaskState>; outcome?: string; error?: unknown } = {
    runner,
  };
  void runOperation(runner, { operation: taskOperation(name, one), services, plan }).then(
    (report) => {
      Object.assign(started, { report, outcome: report.result.outcome });
    },
    (error: unknown) => {
      started.error = error;
    },
  );
  return started;
}

const pageFor = (forMs: number) => start('maintenance-on', maintenanceOn({ page: 'soon.html' }), { for: forMs });

/** Moves time on until something is so. */
const until = (so: () => unknown) => waitUntil(so, Boolean, { pause: () => cloud.clock.advance(1000) });

/** A task of one step, as a release is. */
const ofOneStep = (run: Step<Services, TaskState>['run']): Task => ({
  summary: 'rolls',
  ...{ arguments: {}, options: {} },
  steps: () => [{ id: 'roll', title: 'Roll', describe: () => [], run }],
});

/** A release that goes on until it is let go. */
async function release() {
  const gate = { open: false };
  const rolling = ofOneStep(async (context) => {
    await context.poll({
      what: 'the gate',
      read: async () => gate.open,
      until: (open) => open,
      everyMs: 1000,
      timeoutMs: 600 * minute,
    });
  });
  return { ...(await start('release', rolling)), gate };
}

describe('a maintenance page with an end time', () => {
  it('holds no lock while it is on, so that a release can run', async () => {
    const page = await pageFor(30 * minute);
    await until(pageIsOn);
    await until(async () => (await fake.ledger.lockOf('web')) === undefined);
    const onIt = ofOneStep(async () => expect(await pageIsOn()).toBe(true));
    const rolling = await start('release', onIt);
    await until(() => rolling.outcome !== undefined);
    expect(rolling.outcome).toBe('done');
    await cloud.clock.advance(28 * minute);
    expect([await pageIsOn(), page.outcome]).toEqual([true, undefined]);
    await until(() => page.outcome !== undefined);
    expect([await pageIsOn(), page.outcome]).toEqual([false, 'done']);
    expect(page.report?.facts).toMatchObject({
      outcome: 'done',
      operation: 'maintenance-on',
      seconds: expect.closeTo(30 * 60, -1),
      steps: [
        { id: 'page-on', status: 'done' },
        { id: 'page-off', status: 'done' },
      ],
    });
    expect(fake.runs.map(({ operation, outcome = 'began' }) => `${operation} ${outcome}`)).toEqual([
      'maintenance-on began',
      'maintenance-on done',
      'release began',
      'release done',
      'maintenance-on began',
      'maintenance-on done',
    ]);
  });

  it('waits at its end for an active release, and reports that', async () => {
    const page = await pageFor(5 * minute);
    await until(pageIsOn);
    await until(async () => (await fake.ledger.lockOf('web')) === undefined);
    const rolling = await release();
    await cloud.clock.advance(10 * minute);
    expect([await pageIsOn(), page.outcome]).toEqual([true, undefined]);
    expect(page.runner.messages).toContainEqual({ code: 'lock.waiting', reason: 'web is locked by ann' });
    rolling.gate.open = true;
    await until(() => page.outcome !== undefined);
    expect([await pageIsOn(), page.outcome]).toEqual([false, 'done']);
  });

  it('is removed at once on Ctrl-C', async () => {
    const page = await pageFor(30 * minute);
    await until(pageIsOn);
    await until(async () => (await fake.ledger.lockOf('web')) === undefined);
    page.runner.signals.emit('SIGINT');
    await until(() => page.outcome !== undefined);
    expect([await pageIsOn(), page.outcome]).toEqual([false, 'interrupted']);
    expect(page.runner.signals.listenerCount('SIGINT')).toBe(0);
  });

  it('is kept when somebody else has put another page on', async () => {
    const page = await pageFor(5 * minute);
    await until(pageIsOn);
    await until(async () => (await fake.ledger.lockOf('web')) === undefined);
    const other = await start('maintenance-on', maintenanceOn({ page: 'soon.html' }));
    await until(() => other.outcome === 'done');
    await until(() => page.outcome !== undefined);
    expect([await pageIsOn(), page.outcome]).toEqual([true, 'done']);
    const off = await start('maintenance-off', maintenanceOff());
    await until(() => off.outcome === 'done');
    expect(await pageIsOn()).toBe(false);
  });

  it.each([
    ['a call is refused', () => (cloud.fault = (operation) => (operation === 'DeleteRule' ? 'refuse' : undefined))],
    [
      'the ledger is unavailable',
      () => (fake.ledger.lock = () => Promise.reject(new PipelineError('ledger.away', 'no answer'))),
    ],
  ])('that cannot be removed requires manual intervention: %s', async (_why, breakIt) => {
    const page = await pageFor(5 * minute);
    await until(pageIsOn);
    await until(async () => (await fake.ledger.lockOf('web')) === undefined);
    breakIt();
    await until(() => page.outcome !== undefined);
    expect([await pageIsOn(), page.outcome]).toEqual([true, 'manual-intervention']);
    expect(page.report?.result.leftovers).toEqual(['not done: Take the maintenance page off']);
  });
});
