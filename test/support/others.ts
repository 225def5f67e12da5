import {
  DescribeInstanceRefreshesCommand,
  DescribePoliciesCommand,
  DescribeTagsCommand,
  PutScalingPolicyCommand,
} from '@aws-sdk/client-auto-scaling';
import { CopyImageCommand, CreateTagsCommand, DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2';
import { readGroupTags, setGroupTag, setGroupTags } from '../../src/aws/group-tags.ts';
import { readGroup, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { listImagesNamed } from '../../src/aws/images.ts';
import { createTemplateVersion, readTemplateVersion, setDefaultVersion } from '../../src/aws/launch-templates.ts';
import { readRoutes, setWeights } from '../../src/aws/listeners.ts';
import { readRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import { putScheduledActions, readScheduledActions } from '../../src/aws/scaling-settings.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { priorKeys } from '../../src/fleet/prior-state.ts';
import { readStatus } from '../../src/status/read.ts';
import type { Simulated } from './simulated.ts';

/** All that a run may change and an undo restores, by name; what is not there has no key. */
export type Snapshot = Record<string, unknown>;

/** The groups of the fleet. */
function groupsOf({ fleet }: Simulated): string[] {
  const { group, greenGroup } = fleet.names;
  return fleet.release.strategy === 'blue-green' ? [group, greenGroup] : [group];
}

/** The fleet as it is, without what comes and goes by itself. */
export async function snapshot(world: Simulated): Promise<Snapshot> {
  const { aws, services, fleet } = world;
  const found: Snapshot = {};
  const { facts } = await observeFleet(services);
  for (const name of groupsOf(world)) {
    const { min, max, desired, suspended, launchTemplate } = await readGroup(aws.autoScaling, name);
    Object.assign(found, { [`${name} min`]: min, [`${name} max`]: max, [`${name} desired`]: desired });
    found[`${name} template`] = launchTemplate.version;
    for (const process of suspended) found[`${name} suspended ${process}`] = true;
    for (const { name: action, ...rest } of await readScheduledActions(aws.autoScaling, name)) {
      // AWS gives a start that it was not told.
      found[`${name} action ${action}`] = { ...rest, start: rest.recurrence ? undefined : rest.start };
    }
    const { ScalingPolicies = [] } = await aws.autoScaling.send(
      new DescribePoliciesCommand({ AutoScalingGroupName: name }),
    );
    for (const one of ScalingPolicies) found[`${name} policy ${one.PolicyName}`] = one.TargetTrackingConfiguration;
    const { Tags = [] } = await aws.autoScaling.send(
      new DescribeTagsCommand({ Filters: [{ Name: 'auto-scaling-group', Values: [name] }] }),
    );
    for (const { Key, Value } of Tags) found[`${name} tag ${Key}`] = Value;
  }
  for (const { arn, weights } of await readRoutes(aws.elb, facts.listenerArn)) {
    found[`weights ${arn}`] = weights
      .map(({ targetGroupArn, weight }) => `${targetGroupArn} ${weights.length === 1 ? 'all' : weight}`)
      // One that gets nothing is health-checked, and no more.
      .filter((one) => !one.endsWith(' 0'))
      .map((one) => one.replace(/ 100$/, ' all'));
  }
  for (const one of await listImagesNamed(aws.ec2, fleet.names.imagePrefix)) found[`image ${one.imageId}`] = one.state;
  found['default version'] = (await readTemplateVersion(aws.ec2, facts.current.templateId, '$Default')).number;
  const { LaunchTemplateVersions = [] } = await aws.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: facts.current.templateId }),
  );
  for (const one of LaunchTemplateVersions) found[`template version ${one.VersionNumber}`] = true;
  const { instances, desired } = await readStatus(services);
  const each = instances.map(({ version, lifecycle, health }) => `${version} ${lifecycle} ${health}`);
  found.instances = [...new Set(each)].sort();
  found['instances missing'] = desired - instances.length;
  return found;
}

/** The refreshes of the groups that nobody has stopped or reversed. */
export async function refreshesGoingOn(world: Simulated): Promise<Snapshot> {
  const { aws } = world;
  const found: Snapshot = {};
  for (const AutoScalingGroupName of groupsOf(world)) {
    const { InstanceRefreshes = [] } = await aws.autoScaling.send(
      new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }),
    );
    for (const { InstanceRefreshId, Status = '' } of InstanceRefreshes) {
      if (!/^(Cancel|Rollback)/.test(Status)) found[`refresh ${InstanceRefreshId}`] = 'goes on';
    }
  }
  return found;
}

/** Of the fleet before the run. */
export interface Before {
  /** Name of the group that served. */
  live: string;
  imageId: string;
}

export async function factsBefore({ services }: Simulated): Promise<Before> {
  const { facts, live } = await observeFleet(services);
  return { live: live.name, imageId: facts.current.imageId ?? '' };
}

/** What somebody else does meanwhile: makes the change, and tells what the fleet has of it from then on. */
type Deed = (world: Simulated, before: Before) => Promise<Snapshot>;

/** A version of the launch template that serves what the group launches. */
async function foreignVersion(
  world: Simulated,
  { imageId }: Before,
  token: string,
): Promise<{ id: string; number: string }> {
  const { aws, services } = world;
  const { current } = (await observeFleet(services)).facts;
  const { number } = await createTemplateVersion(aws.ec2, {
    templateId: current.templateId,
    sourceVersion: '1',
    imageId,
    description: 'of somebody else',
    instanceTags: {},
    token,
  });
  return { id: current.templateId, number };
}

const each = async (world: Simulated, deed: (group: string) => Promise<Snapshot>): Promise<Snapshot> => {
  const found: Snapshot = {};
  for (const group of groupsOf(world)) Object.assign(found, await deed(group));
  return found;
};

/** Somebody else's deeds, each of which an undo must leave alone. */
export const deeds: Record<string, Deed> = {
  'an image of the name of the next version': async ({ aws, fleet, services }) => {
    const images = await listImagesNamed(aws.ec2, fleet.names.imagePrefix);
    const source = images.find((one) => one.state === 'available');
    const releases = await services.ledger.releases(fleet.app);
    const name = `${fleet.names.imagePrefix}${releases[0]?.version}`;
    if (!source || images.some((one) => one.name === name)) return {};
    const { ImageId = '' } = await aws.ec2.send(
      new CopyImageCommand({ Name: name, SourceImageId: source.imageId, SourceRegion: fleet.region }),
    );
    const Tags = [
      { Key: tagKeys.app, Value: fleet.app },
      { Key: tagKeys.environment, Value: fleet.environment },
      { Key: tagKeys.run, Value: 'of-somebody-else' },
    ];
    await aws.ec2.send(new CreateTagsCommand({ Resources: [ImageId], Tags }));
    return { [`image ${ImageId}`]: 'available' };
  },
  'the default version of the launch template': async (world, before) => {
    const { id, number } = await foreignVersion(world, before, 'default');
    await setDefaultVersion(world.aws.ec2, id, number);
    return { 'default version': number, [`template version ${number}`]: true };
  },
  'the maximum of the groups': (world) =>
    each(world, async (group) => {
      await setCapacity(world.aws.autoScaling, group, { max: 31 });
      return { [`${group} max`]: 31 };
    }),
  'the minimum of the group that served': async (world, { live }) => {
    await setCapacity(world.aws.autoScaling, live, { min: 1 });
    return { [`${live} min`]: 1 };
  },
  'the capacity of the group that served': async (world, { live }) => {
    await setCapacity(world.aws.autoScaling, live, { desired: 7 });
    return { [`${live} desired`]: 7 };
  },
  'a suspended process': (world) =>
    each(world, async (group) => {
      await suspendProcesses(world.aws.autoScaling, group, ['ReplaceUnhealthy']);
      return { [`${group} suspended ReplaceUnhealthy`]: true };
    }),
  'a scheduled action': (world) =>
    each(world, async (name) => {
      const action = { name: 'of-somebody-else', start: '2040-01-01T00:00:00.000Z', min: 3 };
      await putScheduledActions(world.aws.autoScaling, name, [action], world.clock.now());
      return { [`${name} action of-somebody-else`]: expectedAction(action) };
    }),
  'a scaling policy': (world) =>
    each(world, async (AutoScalingGroupName) => {
      const settings = {
        TargetValue: 90,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' as const },
      };
      const policy = { PolicyName: 'of-somebody-else', PolicyType: 'TargetTrackingScaling' };
      await world.aws.autoScaling.send(
        new PutScalingPolicyCommand({ AutoScalingGroupName, ...policy, TargetTrackingConfiguration: settings }),
      );
      return { [`${AutoScalingGroupName} policy of-somebody-else`]: settings };
    }),
  'tags of the groups': (world) =>
    each(world, async (group) => {
      await setGroupTag(world.aws.autoScaling, group, 'team', 'shop');
      return { [`${group} tag team`]: 'shop' };
    }),
  'the claim of another run': async ({ aws, fleet }) => {
    const { group } = fleet.names;
    // What a run of theirs finds of ours, it keeps.
    const { [group]: found } = await readGroupTags(aws.autoScaling, [group], priorKeys);
    const tags = { ...found, [tagKeys.run]: 'of-somebody-else' };
    await setGroupTags(aws.autoScaling, { [group]: tags });
    return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${group} tag ${key}`, value]));
  },
};

const expectedAction = ({ start, min }: { start: string; min: number }) => ({ start, min });

/** Those after which something of the run must stay, as it cannot be told from theirs, or cannot be restored beside it. */
export const obstacles: Record<string, Deed> = {
  'the weights of the listener': async (world) => {
    const { facts } = await observeFleet(world.services);
    if (!facts.idle) return {};
    const route = (await readRoutes(world.aws.elb, facts.listenerArn)).find((one) => one.kind === 'listener');
    if (!route) return {};
    const { targetGroupArn } = facts.idle;
    const weights = [
      { targetGroupArn, weight: 37 },
      { targetGroupArn: facts.targetGroupArn, weight: 63 },
    ];
    await setWeights(world.aws.elb, route, weights);
    return { [`weights ${route.arn}`]: weights.map((one) => `${one.targetGroupArn} ${one.weight}`) };
  },
  'a refresh of the group': async (world, before) => {
    const { aws, fleet } = world;
    const { live } = before;
    const active = await readRefresh(aws.autoScaling, live);
    if (active && !/^(Successful|Failed|Cancelled|Rollback(Failed|Successful))$/.test(active.status)) return {};
    const { id, number } = await foreignVersion(world, before, 'refresh');
    const template = { id, version: number };
    const refresh = await startRefresh(aws.autoScaling, live, template, fleet.release.refresh, { rollback: false });
    return { [`template version ${number}`]: true, [`refresh ${refresh}`]: 'goes on' };
  },
};
