import { PipelineError } from '@golden-pipeline/shared/errors';
import { readRoutes, shareOf, type Weight } from '../aws/listeners.ts';
import { awsCommand, whoCalled } from '../config/aws-command.ts';
import { isMade } from '../engine/change-once.ts';
import type { RunContext } from '../engine/step.ts';
import type { FleetGroup, Services } from './services.ts';
import { routesTo, sameWeights, weightsText } from './traffic-groups.ts';

type Context = RunContext<Services, object>;

/**
 * That the weights of the routes are still those that this run has given them last, or found: who has changed them since knows something
 * that the run does not.
 * @param found What the routes had before the first change of this run.
 * @throws PipelineError `listener.weights-changed`
 */
export async function assertOwnWeights(
  context: Context,
  listenerArn: string,
  groups: readonly [FleetGroup, FleetGroup],
  found: readonly { arn: string; weights: Weight[] }[],
): Promise<void> {
  const { fleet, aws } = context.services;
  const all = await readRoutes(aws.elb, listenerArn);
  const own = routesTo(all, fleet, groups);
  // One that was found may lead elsewhere by now.
  const routes = all.filter((one) => own.includes(one) || found.some(({ arn }) => arn === one.arn));
  const foreign = routes.filter(({ arn, weights }) => {
    const given = context.changesOfRun().filter((one) => one.action === 'set-weights' && one.target === arn);
    const last = given.findLastIndex(isMade);
    // What came after the last one that was answered may be in effect, too.
    const known = given.slice(Math.max(0, last)).map((one) => one.data.to as Weight[]);
    const first = found.find((one) => one.arn === arn)?.weights;
    if (last < 0 && first) known.push(first);
    return known.length > 0 && !known.some((one) => sameWeights(one, weights));
  });
  const [route] = foreign;
  if (!route) return;
  throw new PipelineError(
    'listener.weights-changed',
    `somebody else has changed the weights of ${route.arn} to ${weightsText(route.weights)}: the traffic is theirs now`,
    {
      details: whoCalled(fleet, route.kind === 'rule' ? 'ModifyRule' : 'ModifyListener'),
      fix: `find out why, then release again: pipeline release ${fleet.app}`,
    },
  );
}

/**
 * That a group has all of the traffic, before the other one loses what scales it, or its end is scheduled. It only reads.
 * @throws PipelineError `listener.weights-changed` with the share that the group has now
 */
export async function assertServing(
  { services: { fleet, aws } }: Pick<Context, 'services'>,
  listenerArn: string,
  serving: FleetGroup,
  other: FleetGroup,
): Promise<void> {
  const routes = routesTo(await readRoutes(aws.elb, listenerArn), fleet, [serving, other]);
  const share =
    routes.length === 0 ? 0 : Math.min(...routes.map((one) => shareOf(one.weights, serving.targetGroupArn)));
  if (share === 1) return;
  throw new PipelineError(
    'listener.weights-changed',
    `somebody else has changed the weights: ${serving.group} has ${Math.floor(share * 100)} % of the traffic, so no settings of ${serving.group} and ${other.group} are changed`,
    {
      details: [...whoCalled(fleet, 'ModifyListener'), ...whoCalled(fleet, 'ModifyRule')],
      fix: `pipeline status ${fleet.app} shows which version serves; then choose one by pipeline release ${fleet.app} or pipeline fast-rollback ${fleet.app}`,
    },
  );
}

/** The commands that give a group all of the traffic; one for each route that does not. */
export async function trafficCommands(
  { services: { fleet, aws } }: Context,
  listenerArn: string,
  to: FleetGroup,
  other: FleetGroup,
): Promise<string[]> {
  const routes = routesTo(await readRoutes(aws.elb, listenerArn), fleet, [to, other]);
  const actions = JSON.stringify([{ Type: 'forward', TargetGroupArn: to.targetGroupArn }]);
  return routes
    .filter(({ weights }) => shareOf(weights, to.targetGroupArn) < 1)
    .map(({ kind, arn }) =>
      awsCommand(
        fleet,
        kind === 'rule'
          ? `elbv2 modify-rule --rule-arn ${arn} --actions '${actions}'`
          : `elbv2 modify-listener --listener-arn ${arn} --default-actions '${actions}'`,
      ),
    );
}
