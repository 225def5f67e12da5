import {
  deleteWarmPool,
  hasWarmPool,
  isReservationRefused,
  putWarmPool,
  reservedUnits,
  reserveUnits,
} from '../../aws/capacity.ts';
import { readListener } from '../../aws/listeners.ts';
import type { ScaleContext, ScaleStep } from './state.ts';

/** Prepares what is slow to come: machines that have booted once and wait, and capacity of the load balancer. As configured. */
export const preheat: ScaleStep = {
  id: 'preheat',
  title: 'Pre-heat',
  describe: ({ state: { scale, group }, services: { fleet } }) => {
    const { warmPool, reservedCapacityUnits } = fleet.scale;
    return [
      ...(warmPool && scale.at ? [`a warm pool of ${group}: ${scale.to} machines prepared, ${warmPool}`] : []),
      ...(reservedCapacityUnits ? [`${reservedCapacityUnits} capacity units of the load balancer are reserved`] : []),
    ];
  },
  async skip({ state: { scale }, services: { fleet } }) {
    const pool = fleet.scale.warmPool && scale.at;
    if (scale.to <= scale.was.desired) return 'the fleet does not grow';
    return pool || fleet.scale.reservedCapacityUnits
      ? undefined
      : 'nothing is configured: scale.warmPool, scale.reservedCapacityUnits';
  },
  async run(context) {
    const { aws, fleet } = context.services;
    const { scale, group } = context.state;
    const { warmPool, reservedCapacityUnits: units } = fleet.scale;
    if (warmPool && scale.at) {
      if (await hasWarmPool(aws.autoScaling, group))
        context.note(`${group} has a warm pool already; it stays as it is`);
      else {
        await context.change({ action: 'put-warm-pool', target: group, data: { prepared: scale.to } }, () =>
          putWarmPool(aws.autoScaling, group, { state: warmPool, prepared: scale.to }),
        );
      }
    }
    if (units) await reserve(context, units);
  },
  undo: coolDown,
};

async function reserve(context: ScaleContext, units: number): Promise<void> {
  const { aws } = context.services;
  const arn = await balancerArn(context);
  const was = await reservedUnits(aws.elb, arn);
  if (was >= units) return;
  try {
    await context.change({ action: 'reserve-capacity', target: arn, data: { was, units } }, () =>
      reserveUnits(aws.elb, arn, units),
    );
  } catch (error) {
    // The region's quota is 0 until AWS has raised it: worth telling, no reason to stay small.
    if (!isReservationRefused(error)) throw error;
    context.note(`no capacity units were reserved: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Takes back what this run has prepared. */
async function coolDown(context: ScaleContext): Promise<void> {
  const { aws } = context.services;
  for (const change of context.changes().filter((one) => !one.undoing && one.error === undefined)) {
    if (change.action === 'put-warm-pool') {
      await context.change({ action: 'delete-warm-pool', target: change.target }, () =>
        deleteWarmPool(aws.autoScaling, change.target),
      );
    }
    if (change.action === 'reserve-capacity') {
      const was = Number(change.data.was);
      await context.change({ action: 'restore-capacity', target: change.target }, () =>
        reserveUnits(aws.elb, change.target, was),
      );
    }
  }
}

/** ARN of the fleet's load balancer: a listener's ARN starts with it. */
export async function balancerArn({ services: { aws, fleet } }: ScaleContext): Promise<string> {
  const { arn } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  return arn.replace(':listener/', ':loadbalancer/').replace(/\/[^/]+$/, '');
}
