import { reserve, restoreUnits } from '../../fleet/scaling/reservation.ts';
import { describePool, preparePool, restorePool, wantedPool } from '../../fleet/scaling/warm-pool.ts';
import type { ScaleStep } from '../state.ts';

/** Prepares what is slow to come: instances that have booted once and wait, and capacity of the load balancer. As configured. */
export const preheat: ScaleStep = {
  id: 'preheat',
  title: 'Pre-heat the fleet',
  describe: ({ state: { scale, group }, services: { fleet } }) => {
    const { reservedCapacityUnits } = fleet.scale;
    const pool = wantedPool(fleet, scale);
    return [
      ...(pool ? describePool(fleet, pool, scale, group) : []),
      ...(reservedCapacityUnits
        ? [
            `${reservedCapacityUnits} capacity units of the load balancer are reserved, and paid for, from now on until --cancel`,
          ]
        : []),
    ];
  },
  async skip({ state: { scale }, services: { fleet } }) {
    if (scale.to <= scale.was.desired) return 'the fleet does not grow';
    return wantedPool(fleet, scale) || fleet.scale.reservedCapacityUnits
      ? undefined
      : 'nothing is configured: scale.warmPool, scale.reservedCapacityUnits';
  },
  async run(context) {
    const { fleet } = context.services;
    const pool = wantedPool(fleet, context.state.scale);
    if (pool) await preparePool(context, pool, context.state.scale.to);
    if (fleet.scale.reservedCapacityUnits) await reserve(context, fleet.scale.reservedCapacityUnits);
  },
  async undo(context) {
    await restorePool(context);
    await restoreUnits(context);
  },
};
