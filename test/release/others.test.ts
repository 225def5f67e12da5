import { DetachInstancesCommand } from '@aws-sdk/client-auto-scaling';
import {
  DeregisterImageCommand,
  DisableImageCommand,
  type EC2Client,
  EnableImageCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteGroupTags } from '../../src/aws/group-tags.ts';
import {
  exitStandby,
  readGroup,
  replaceInstance,
  resumeProcesses,
  setCapacity,
  setTemplate,
  suspendProcesses,
} from '../../src/aws/groups.ts';
import { listImages } from '../../src/aws/images.ts';
import { readInstance } from '../../src/aws/instances.ts';
import { createTemplateVersion, setDefaultVersion } from '../../src/aws/launch-templates.ts';
import { readRoutes, setWeights, shareOf } from '../../src/aws/listeners.ts';
import { cancelRefresh, isActive, readRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { priorKeys } from '../../src/fleet/prior-state.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';
import { foreignTask } from '../support/simulated-hosts.ts';
import { interfering, type Moment } from '../support/somebody.ts';

let world: Simulated;
/** What was done to a host that may have had traffic. */
const inTraffic: string[] = [];
/** Names of the group, and of the other one of a blue/green fleet. */
const group = () => world.fleet.names.group;
const asg = () => world.aws.autoScaling;
const members = async () => (await readGroup(asg(), group())).instances;
const standby = async () => (await members()).find((one) => one.lifecycle === 'Standby')?.id ?? '';

async function open(edits: Parameters<typeof Simulated.create>[0] = []): Promise<void> {
  world = await Simulated.create(edits);
  const { hosts } = world.services;
  const { play } = hosts;
  const note = async (what: string, id = '') => {
    const lifecycle = (await members()).find((one) => one.id === id)?.lifecycle ?? 'gone';
    if (!/^(Standby|gone|Terminat)/.test(lifecycle)) inTraffic.push(`${what} of ${id}, which is ${lifecycle}`);
  };
  hosts.play = async (host, playbook, variables, options) => {
    const { release_action: action = '' } = variables as { release_action?: string };
    if (['activate', 'clean', 'revert'].includes(action)) await note(action, host.instanceId);
    return play(host, playbook, variables, options);
  };
  (world.aws.ec2.middlewareStack as EC2Client['middlewareStack']).add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'CreateImageCommand') {
          // A builder is in no group.
          const id = (args.input as { InstanceId?: string }).InstanceId;
          if ((await members()).some((one) => one.id === id)) await note('the reboot', id);
        }
        return next(args);
      },
    { step: 'initialize', name: 'reboots' },
  );
  expect((await world.run(await planRelease(world.services, world.clock, {}))).outcome).toBe('done');
}

const size = async () => {
  const { min, max, desired } = await readGroup(asg(), group());
  return { min, max, desired };
};

/** Once nothing moves any more: the versions of the instances, each of which serves. */
async function atRest(): Promise<string[]> {
  await world.until(
    async () => isActive(await readRefresh(asg(), group())),
    (active) => !active,
  );
  const whole = await world.until(
    () => world.serving(),
    (all) => all.every((one) => / InService healthy$/.test(one)),
  );
  return whole.map((one) => one.split(' ')[0] ?? '');
}

/** Another version of the launch template, of what serves. */
async function otherTemplate(): Promise<{ id: string; version: string }> {
  const { current } = (await observeFleet(world.services)).facts;
  const { number } = await createTemplateVersion(world.aws.ec2, {
    templateId: current.templateId,
    sourceVersion: current.templateVersion,
    imageId: current.imageId ?? '',
    description: 'of somebody else',
    instanceTags: {
      [tagKeys.app]: world.fleet.app,
      [tagKeys.environment]: world.fleet.environment,
      [tagKeys.version]: current.version ?? '',
    },
    token: `of-somebody-else-${world.clock.now()}`,
  });
  return { id: current.templateId, version: number };
}

const servingImage = async () => (await observeFleet(world.services)).facts.current.imageId ?? '';
/** Suspends Terminate for a while as soon as all new instances serve. */
const suspendTerminate = (seconds: number) => async () =>
  void untilNewServe()
    .then(() => suspend('Terminate'))
    .then(() => world.clock.sleep(seconds * 1000))
    .then(() => resumeProcesses(asg(), group(), ['Terminate']));

/** All new instances are there by then, and none of the old ones has gone. */
const untilNewServe = () =>
  world.until(members, (all) => all.filter((one) => one.lifecycle === 'InService').length > 4);
const suspend = (...processes: string[]) => suspendProcesses(asg(), group(), processes);

async function putBack(): Promise<void> {
  const id = await standby();
  await exitStandby(asg(), group(), [id]);
  await world.until(members, (all) => all.some((one) => one.id === id && one.lifecycle === 'InService'));
}

let detached = '';

async function detachStandby(): Promise<void> {
  const InstanceIds = [await standby()];
  const change = { AutoScalingGroupName: group(), InstanceIds, ShouldDecrementDesiredCapacity: false };
  await asg().send(new DetachInstancesCommand(change));
}

interface Case {
  at: Moment;
  deed: () => Promise<unknown>;
  outcome: Outcome;
  /** Of the error, and texts of it that tell what happened and what to do. */
  error?: [code: string, ...texts: string[]];
  /** What the leftovers tell. */
  leftover?: RegExp;
  notes?: RegExp[];
  size?: { min: number; max: number; desired: number };
  /** How long it may take, in seconds, where that is not less than all deadlines. */
  seconds?: number;
  /** The fleet stays on the new version although the release has failed. */
  stays?: true;
  /** Changes the plan. */
  plan?: (plan: Awaited<ReturnType<typeof planRelease>>) => typeof plan;
  /** What somebody else has left, which must be as they left it; and what the next case must not find. */
  afterwards?: (state: ReleaseState) => Promise<unknown>;
}

const whole = { min: 4, max: 12, desired: 4 };
const returned: Case['error'] = [
  'host.in-service',
  'somebody else has returned it to service',
  'was moved out of standby in response to a user request',
  'pipeline release api',
];

async function play({ at, deed, outcome, error: [code, ...texts] = [''], ...wanted }: Case): Promise<void> {
  await atRest();
  const before = [...new Set(await atRest())];
  world.notes.length = 0;
  const planned = await planRelease(world.services, world.clock, {});
  const { plan, restore } = interfering(world, wanted.plan?.(planned) ?? planned, { at, deed });
  const result = await world.run(plan).finally(restore);
  const { message = '', fix = '', details = [] } = (result.error ?? {}) as Partial<PipelineError>;
  expect({ outcome: result.outcome, code: (result.error as PipelineError)?.code ?? '' }).toEqual({ outcome, code });
  for (const text of texts) expect([message, fix, ...details].join('\n')).toContain(text);
  if (wanted.leftover) expect(result.leftovers.join('\n')).toMatch(wanted.leftover);
  else expect(result.leftovers).toEqual([]);
  for (const note of wanted.notes ?? []) expect(world.notes.join('\n')).toMatch(note);
  // None of them needs a deadline to be told: those are 180 s.
  expect(result.seconds).toBeLessThan(wanted.seconds ?? 100);
  expect(inTraffic).toEqual([]);
  await wanted.afterwards?.(result.state);
  const moved = outcome === 'done' || wanted.stays;
  expect([...new Set(await atRest())]).toEqual(moved ? [result.state.version] : before);
  expect(await size()).toEqual(wanted.size ?? whole);
  await setCapacity(asg(), group(), whole);
  // This ledger has no record of the run: where it ended with exit code 4, its tags keep the next one away.
  await deleteGroupTags(asg(), [group()], priorKeys);
}

const rolling: Record<string, Case> = {
  'returned to service before its service is stopped, the bake instance is left alone': {
    at: { ended: 'detach' },
    deed: putBack,
    outcome: 'rolled-back',
    error: returned,
    afterwards: async () => expect(world.plays.filter((one) => /^(activate|clean|revert)/.test(one))).toEqual([]),
  },
  'returned to service before plays that may change anything, it is left alone': {
    at: { ended: 'detach' },
    deed: putBack,
    outcome: 'rolled-back',
    error: returned,
    afterwards: async () => expect(world.plays).toEqual([]),
  },
  'returned to service while it is switched, it is taken out again before it is switched back': {
    at: { played: 'activate' },
    deed: putBack,
    outcome: 'rolled-back',
    error: returned,
  },
  'returned to service while it is cleaned, it is not rebooted but replaced': {
    at: { played: 'clean' },
    deed: putBack,
    outcome: 'rolled-back',
    error: returned,
  },
  'returned to service while the image is made, it does not serve until that is done': {
    at: { after: 'CreateImage' },
    deed: putBack,
    outcome: 'rolled-back',
    error: returned,
  },
  'a bake instance that is terminated in Standby is replaced': {
    at: { played: 'activate' },
    deed: async () => world.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [await standby()] })),
    outcome: 'rolled-back',
    error: ['host.gone', 'is shutting-down: somebody else has ended it', 'User initiated shutdown'],
  },
  'a bake instance that is terminated by its group is replaced': {
    at: { played: 'clean' },
    deed: async () => replaceInstance(asg(), group(), await standby()),
    outcome: 'rolled-back',
    error: ['host.gone', 'somebody else has ended or detached it', 'in response to a user request'],
  },
  'a bake instance that is detached before it is switched is let go, and the group launches another': {
    at: { ended: 'detach' },
    deed: async () => {
      detached = await standby();
      await detachStandby();
    },
    outcome: 'rolled-back',
    error: ['host.gone', 'somebody else has ended or detached it', 'pipeline release api'],
    afterwards: async () => {
      expect(world.plays.filter((one) => /^(activate|clean|revert)/.test(one))).toEqual([]);
      expect(await readInstance(world.aws.ec2, detached)).toMatchObject({ state: 'running' });
    },
  },
  'a bake instance that is detached is named, with the command that ends it': {
    at: { played: 'activate' },
    deed: detachStandby,
    outcome: 'manual-intervention',
    error: ['host.gone', 'somebody else has ended or detached it'],
    leftover: /has left api-local.*ec2 terminate-instances --instance-ids i-/,
  },
  'a process that is suspended before the roll is named, and nothing is rolled': {
    at: { ended: 'return-instance' },
    deed: () => suspend('Launch'),
    outcome: 'rolled-back',
    error: [
      'group.suspended',
      'Launch of api-local is suspended: no instance is launched (User suspended at 20',
      'autoscaling resume-processes --auto-scaling-group-name api-local --scaling-processes Launch',
    ],
    afterwards: async () => {
      expect((await readGroup(asg(), group())).suspended).toEqual(['Launch']);
      await resumeProcesses(asg(), group(), ['Launch']);
    },
  },
  'a process that is suspended for a minute during the roll is noted, and the release continues': {
    at: { after: 'StartInstanceRefresh' },
    deed: suspendTerminate(60),
    outcome: 'done',
    notes: [/Terminate of api-local is suspended: .*User suspended at .*to resume it: .*resume-processes .* Terminate/],
    seconds: 200,
  },
  'a process that stays suspended during the roll is named, also where it keeps the rollback from its end': {
    at: { after: 'StartInstanceRefresh' },
    deed: async () => void untilNewServe().then(() => suspend('Terminate')),
    outcome: 'manual-intervention',
    seconds: 300,
    error: ['group.suspended', 'Terminate of api-local is suspended: no instance is terminated (User suspended at 20'],
    leftover: /Roll instances onto the new image: Terminate of api-local is suspended.*resume-processes .* Terminate/,
    afterwards: () => resumeProcesses(asg(), group(), ['Terminate']),
  },
  'a refresh that another tool has started is named and left alone': {
    at: { before: 'StartInstanceRefresh' },
    // With another client, as their calls do not count.
    deed: async () =>
      startRefresh(
        world.cloud.newClients().autoScaling,
        group(),
        await otherTemplate(),
        { ...world.fleet.release.refresh },
        { rollback: false },
      ),
    outcome: 'rolled-back',
    error: ['refresh.foreign', 'is not of this run', 'autoscaling cancel-instance-refresh'],
    notes: [/is not of this run: it is left alone/],
    afterwards: async () => {
      await atRest();
      expect(await readRefresh(asg(), group())).toMatchObject({ status: 'Successful' });
    },
  },
  'a refresh of the run that is canceled is reported as that, and rolled back': {
    at: { after: 'StartInstanceRefresh' },
    deed: () => cancelRefresh(asg(), group()),
    outcome: 'rolled-back',
    error: ['roll.failed', 'somebody else has canceled the instance refresh of api-local'],
  },
  'another template version of the group stops the release before the roll, and stays': {
    at: { ended: 'return-instance' },
    deed: async () => setTemplate(asg(), group(), await otherTemplate()),
    outcome: 'rolled-back',
    error: ['roll.template-changed', 'somebody else has changed it', 'pipeline release api --bake builder'],
    afterwards: async ({ current }) => {
      const { id, version } = (await readGroup(asg(), group())).launchTemplate;
      expect(Number(version)).toBeGreaterThan(Number(current.templateVersion));
      await setTemplate(asg(), group(), { id, version: current.templateVersion });
    },
  },
  'an image of the release that is gone is reported before anything is rolled': {
    at: { ended: 'return-instance' },
    deed: async () => {
      const images = await listImages(world.aws.ec2, world.fleet.app, world.fleet.environment);
      await world.aws.ec2.send(new DeregisterImageCommand({ ImageId: images.at(-1)?.imageId }));
    },
    outcome: 'rolled-back',
    error: ['roll.image-gone', 'is gone: somebody else has taken it away', 'pipeline release api'],
  },
  'without a rollback target nothing is rolled': {
    at: { ended: 'return-instance' },
    deed: async () => world.aws.ec2.send(new DisableImageCommand({ ImageId: await servingImage() })),
    outcome: 'rolled-back',
    error: ['roll.no-rollback-target', 'is disabled since this release began', 'pipeline repair api'],
    afterwards: async () => world.aws.ec2.send(new EnableImageCommand({ ImageId: await servingImage() })),
  },
  'suspended health checks are noted, and stay suspended': {
    at: { after: 'StartInstanceRefresh' },
    deed: () => suspend('HealthCheck', 'ReplaceUnhealthy'),
    outcome: 'done',
    notes: [/HealthCheck of api-local is suspended: .*User suspended at/, /ReplaceUnhealthy of api-local is suspended/],
    afterwards: async () => {
      expect((await readGroup(asg(), group())).suspended).toEqual(['HealthCheck', 'ReplaceUnhealthy']);
      await resumeProcesses(asg(), group(), ['HealthCheck', 'ReplaceUnhealthy']);
    },
  },
  'another default version of the template is replaced with a note': {
    at: { before: 'StartInstanceRefresh' },
    deed: async () => {
      const { id, version } = await otherTemplate();
      await setDefaultVersion(world.aws.ec2, id, version);
    },
    outcome: 'done',
    notes: [/the default version of lt-\w+ was \d+, which somebody else has set/],
  },
  'a larger group stays as large as somebody else has made it': {
    at: { played: 'activate' },
    deed: () => setCapacity(asg(), group(), { max: 14, desired: 6 }),
    outcome: 'done',
    size: { min: 4, max: 14, desired: 6 },
    notes: [/has no place in api-local any more/],
  },
  'a smaller group stays as small as somebody else has made it': {
    at: { after: 'StartInstanceRefresh' },
    deed: () => setCapacity(asg(), group(), { min: 1, max: 3, desired: 2 }),
    outcome: 'done',
    size: { min: 1, max: 3, desired: 2 },
  },
  'once the image that served is gone, a failed roll stays where it is and says how to go on': {
    at: { after: 'StartInstanceRefresh' },
    deed: async () => world.aws.ec2.send(new DeregisterImageCommand({ ImageId: await servingImage() })),
    plan: (plan) => failingAfter(plan, 'roll'),
    outcome: 'manual-intervention',
    error: ['test.broken'],
    stays: true,
    leftover: /is gone, so nothing leads back to v\d+.*pipeline repair api/,
  },
};

describe('somebody else changes a rolling fleet during a release', () => {
  beforeAll(() => open());
  afterAll(() => world.close());

  it.each<[string, Moment, () => Promise<unknown>, RegExp, { min: number; max: number; desired: number }]>([
    [
      'ends at once when somebody wants fewer instances',
      { ended: 'resize' },
      () => setCapacity(asg(), group(), { min: 2, desired: 4 }),
      /^somebody else has set the desired capacity of api-local to 4$/,
      { min: 2, max: 12, desired: 4 },
    ],
    [
      'names a process that somebody has suspended',
      { before: 'UpdateAutoScalingGroup' },
      () => suspend('Launch'),
      /^4 of 6 instances .* and stay. Launch of api-local is suspended: .*User suspended at/,
      { min: 6, max: 12, desired: 6 },
    ],
  ])('a scale-out %s', async (_, at, deed, message, left) => {
    await atRest();
    const scaled = await planScale(world.services, world.clock, { to: 6 });
    const { plan, restore } = interfering(world, scaled, { at, deed });
    const result = await world.run(plan).finally(restore);
    expect(result.outcome).toBe('manual-intervention');
    expect((result.error as PipelineError).message).toMatch(message);
    expect((result.error as PipelineError).fix).toContain('pipeline scale api --status');
    expect(result.seconds).toBeLessThan(60);
    expect(await size()).toEqual(left);
    await resumeProcesses(asg(), group(), ['Launch']);
    await world.run(await planScaleCancel(world.services, world.clock));
    await setCapacity(asg(), group(), whole);
  });

  it('a process that is suspended during a rolling rollback does not turn it round', async () => {
    await atRest();
    const released = await world.run(await planRelease(world.services, world.clock, {}));
    expect(released.outcome).toBe('done');
    world.notes.length = 0;
    const back = await planRollback(world.services, world.clock, { force: false, method: 'rolling' });
    // Longer than a release bears it.
    const { plan, restore } = interfering(world, back, {
      at: { after: 'StartInstanceRefresh' },
      deed: suspendTerminate(110),
    });
    const result = await world.run(plan).finally(restore);
    expect(result).toMatchObject({ outcome: 'done', leftovers: [], state: { version: 'v1' } });
    expect(result.seconds).toBeGreaterThan(110);
    expect(world.notes.join('\n')).toMatch(/Terminate of api-local is suspended: .*to resume it: .*resume-processes/);
    expect([...new Set(await atRest())]).toEqual(['v1']);
  });

  it.each(Object.keys(rolling))('%s', async (name) => {
    const one = rolling[name] as Case;
    world.plays.length = 0;
    const outside = name.includes('plays that may change anything');
    if (outside) world.playbook.plays[0]?.tasks.push(foreignTask);
    await play(one).finally(() => outside && world.playbook.plays[0]?.tasks.pop());
  });
});

describe('somebody else changes a blue/green fleet during a release', () => {
  beforeAll(() =>
    open([['verifySeconds: 5,', "strategy: 'blue-green', weights: [50, 100], stepSeconds: 5, verifySeconds: 2,"]]),
  );
  afterAll(() => world.close());

  /** Percent of the traffic that the other group gets. */
  const shared = async () => {
    const { facts } = await observeFleet(world.services);
    const [route] = (await readRoutes(world.aws.elb, facts.listenerArn)).filter((one) => one.kind === 'listener');
    if (!route) throw new Error('the listener has no default action that forwards');
    const arns = [facts.targetGroupArn, facts.idle?.targetGroupArn ?? ''] as const;
    return { route, arns, percent: Math.round(shareOf(route.weights, arns[1]) * 100) };
  };

  /** Sets the weights of the listener as soon as the other group gets half of the traffic. */
  const atHalf = (percent: number) => async () => {
    const [live, idle] = (await shared()).arns;
    void world
      .until(shared, (one) => one.percent === 50)
      .then(({ route }) =>
        setWeights(world.aws.elb, route, [
          { targetGroupArn: idle, weight: percent },
          { targetGroupArn: live, weight: 100 - percent },
        ]),
      );
  };

  const release = async (at: Moment, deed: () => Promise<unknown>) => {
    world.notes.length = 0;
    const { plan, restore } = interfering(world, await planRelease(world.services, world.clock, {}), { at, deed });
    return world.run(plan).finally(restore);
  };

  it('weights that somebody has given back to the old group stay, and the release is rolled back', async () => {
    const result = await release({ ended: 'scale-up-idle-group' }, atHalf(0));
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      leftovers: [],
      error: { code: 'listener.weights-changed', message: expect.stringContaining('the traffic is theirs now') },
    });
    expect((await shared()).percent).toBe(0);
    expect((await observeFleet(world.services)).facts.current.version).toBe('v1');
  });

  it('a process of the new group that somebody has suspended is named while its instances are awaited', async () => {
    const { idle } = (await observeFleet(world.services)).facts;
    const result = await release({ before: 'CreateLaunchTemplateVersion' }, () =>
      suspendProcesses(asg(), idle?.group ?? '', ['Launch']),
    );
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      error: { code: 'group.suspended', fix: expect.stringMatching(/resume-processes .*-green .*Launch$/) },
    });
    expect(result.seconds).toBeLessThan(100);
    expect((await readGroup(asg(), idle?.group ?? '')).suspended).toContain('Launch');
    await resumeProcesses(asg(), idle?.group ?? '', ['Launch']);
  });

  it('other weights of somebody stay, and the leftovers name the command that gives the traffic back', async () => {
    const result = await release({ ended: 'scale-up-idle-group' }, atHalf(30));
    expect(result).toMatchObject({ outcome: 'manual-intervention', error: { code: 'listener.weights-changed' } });
    expect(world.notes.join('\n')).toMatch(/api-local-green 30, api-local 70, which this run did not set: they stay/);
    expect(result.leftovers.join('\n')).toMatch(
      /has traffic, so it is left as it is; fix: give all traffic to api-local \(.*elbv2 modify-listener --listener-arn \S+ --default-actions '\[.*\]'\), then .*pipeline abort api/,
    );
    expect((await shared()).percent).toBe(30);
    expect(inTraffic).toEqual([]);
  });
});
