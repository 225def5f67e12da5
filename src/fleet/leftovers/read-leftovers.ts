import type { Clock } from '@golden-pipeline/shared/clock';
import { findTargetGroup, readTargets } from '../../aws/balancers.ts';
import { readGroupTags } from '../../aws/group-tags.ts';
import { readImage } from '../../aws/images.ts';
import { groupInstances, helperInstances, isEnding, readInstance } from '../../aws/instances.ts';
import { readTemplateVersion } from '../../aws/launch-templates.ts';
import { readRoutes, shareOf } from '../../aws/listeners.ts';
import { isActive, readRefresh } from '../../aws/refreshes.ts';
import { isOver, readPolicies, readScheduledActions } from '../../aws/scaling-settings.ts';
import { tagKeys } from '../../aws/tags.ts';
import { awsCommand } from '../../config/aws-command.ts';
import { scaleDownName } from '../group-settings.ts';
import { readFleetGroups, type SeenGroup } from '../observe.ts';
import { priorKeys, readPrior } from '../prior-state.ts';
import { heldBaseline, heldTag } from '../scaling/held-size.ts';
import type { Services } from '../services.ts';
import { routesTo, validationRoute } from '../traffic-groups.ts';
import type { GroupFacts, LeftoverFacts } from './leftover.ts';
import { readStandings, type Standing } from './run-standing.ts';

type Ports = Pick<Services, 'fleet' | 'aws'>;

/**
 * All of a fleet that {@link findLeftovers} needs. Some calls for each group, whatever its size. Of the ledger only whether it knows the
 * runs that are tagged; no journal.
 * @param trusted Runs that count as unfinished, whatever the ledger knows: the own one, and one that a person has named as lost.
 * @throws PipelineError when a part of the fleet does not exist; `fleet.unreadable-tag`
 */
export async function readLeftoverFacts(
  ports: Pick<Services, 'fleet' | 'aws' | 'ledger' | 'changesVersion'>,
  clock: Pick<Clock, 'now'>,
  trusted: readonly (string | undefined)[] = [],
): Promise<LeftoverFacts> {
  const { fleet, aws } = ports;
  const { live, idle, listener } = await readFleetGroups(ports);
  const seen = idle ? [live, idle] : [live];
  const [tags, routes, helpers, standard] = await Promise.all([
    readGroupTags(
      aws.autoScaling,
      seen.map((one) => one.group),
      [...priorKeys, heldTag],
    ),
    readRoutes(aws.elb, listener.arn),
    helperInstances(aws.ec2, fleet.app, fleet.environment),
    readTemplateVersion(aws.ec2, live.seen.launchTemplate.id, '$Default'),
  ]);
  const runs = [...Object.values(tags).flatMap((one) => one[tagKeys.run] ?? []), ...helpers.map((one) => one.run)];
  const standingOf = await readStandings({ history: ports, app: fleet.app, trusted }, runs);
  const helpersSeen = helpers.map((one) => ({ ...one, standing: standingOf(one.run) }));
  const own = routesTo(routes, fleet, seen);
  const groups = seen.map(async (one): Promise<GroupFacts> => {
    const shares = idle ? own.map((route) => shareOf(route.weights, one.targetGroupArn)) : [1];
    const facts = await readGroupFacts(ports, one, tags[one.group] ?? {}, clock.now(), standingOf);
    const policies = idle ? (await readPolicies(aws.autoScaling, one.group)).map(({ name }) => name) : [];
    return { ...facts, scaling: { ...facts.scaling, policies }, shares };
  });
  return {
    app: fleet.app,
    aws: awsCommand(fleet, '').trimEnd(),
    listenerArn: listener.arn,
    groups: await Promise.all(groups),
    defaultVersion: standard.number,
    helpers: helpersSeen,
    validation: await readValidation(ports, listener.arn, idle !== undefined, helpersSeen),
  };
}

async function readGroupFacts(
  { aws }: Ports,
  { group, seen }: SeenGroup,
  tags: Record<string, string>,
  now: number,
  standingOf: (run: string) => Standing,
): Promise<Omit<GroupFacts, 'shares'>> {
  const [members, template, actions, refresh] = await Promise.all([
    groupInstances(aws.ec2, group),
    readTemplateVersion(aws.ec2, seen.launchTemplate.id, seen.launchTemplate.version),
    readScheduledActions(aws.autoScaling, group),
    readRefresh(aws.autoScaling, group),
  ]);
  const image = template.imageId === undefined ? undefined : await readImage(aws.ec2, template.imageId);
  const version = image ? image.version : template.release;
  const run = tags[tagKeys.run];
  const standing = run === undefined ? undefined : standingOf(run);
  const tagged = standing !== undefined && standing !== 'over';
  const before = tagged ? readPrior(group, tags) : undefined;
  return {
    group,
    ...(run !== undefined && standing && { run: { id: run, standing } }),
    tagged,
    ...(before && { before }),
    size: { min: seen.min, max: seen.max, desired: seen.desired },
    suspended: seen.suspended,
    instances: seen.instances.map(({ id, lifecycle }) => {
      const tag = members.find((one) => one.id === id)?.version;
      return { id, lifecycle, ...(tag !== undefined && { version: tag }) };
    }),
    launches: {
      ...(version !== undefined && { version }),
      template: template.templateId,
      templateVersion: template.number,
      floating: seen.launchTemplate.version.startsWith('$'),
      available: image?.state === 'available',
    },
    ends: actions.some((one) => one.name === scaleDownName),
    scaling: {
      actions: actions.filter((one) => one.name !== scaleDownName && !isOver(one, now)).map((one) => one.name),
      policies: [],
    },
    held: heldBaseline(tags[heldTag], actions, seen, now) !== undefined,
    ...(isActive(refresh) && { refresh }),
  };
}

/** The target group for validation, and whether requests with the validation header get there: only blue/green sends them elsewhere. */
async function readValidation(
  ports: Ports,
  listenerArn: string,
  twoGroups: boolean,
  helpers: LeftoverFacts['helpers'],
): Promise<LeftoverFacts['validation']> {
  const { aws, fleet } = ports;
  const targetGroupArn = await findTargetGroup(aws.elb, fleet.names.validationTargetGroup);
  const targets = (await readTargets(aws.elb, targetGroupArn)).filter((one) => one.state !== 'draining');
  const route = twoGroups ? await validationRoute({ services: ports }, listenerArn).catch(() => undefined) : undefined;
  const own = async (id: string) => {
    const helper = helpers.find((one) => one.id === id);
    if (helper) return helper.standing !== 'unknown';
    const instance = await readInstance(aws.ec2, id);
    return instance === undefined || isEnding(instance);
  };
  return {
    targetGroupArn,
    targets: await Promise.all(targets.map(async ({ id }) => ({ id, own: await own(id) }))),
    elsewhere: route?.weights.some((one) => one.targetGroupArn !== targetGroupArn) ?? false,
  };
}
