import { deleteWarmPool, hasWarmPool, putWarmPool } from '../../aws/capacity.ts';
import { reserve, unreserve } from './reservation.ts';
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

/** Takes back what this run has prepared. */
async function coolDown(context: ScaleContext): Promise<void> {
  const { aws } = context.services;
  for (const change of context.changes().filter((one) => !one.undoing && one.error === undefined)) {
    if (change.action === 'put-warm-pool') {
      await context.change({ action: 'delete-warm-pool', target: change.target }, () =>
        deleteWarmPool(aws.autoScaling, change.target),
      );
    }
  }
  await unreserve(context);
}
