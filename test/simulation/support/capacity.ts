import type { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import type { Simulated } from '../../support/simulated.ts';

/** How often the targets are counted, in milliseconds of virtual time. */
const everyMs = 250;

/** Moments at which too few healthy targets had traffic. */
export interface CapacityWatch {
  /** One line each; emptied by reading. */
  take(): string[];
  /** @param least Healthy targets that must have traffic from now on. */
  expect(least: number): void;
  stop(): void;
}

/** Counts the healthy targets that have traffic, all the time that passes, without moving it. */
export function watchCapacity(world: Simulated): CapacityWatch {
  const { background } = world.clock as VirtualClock;
  let least = 0;
  let found: string[] = [];
  let stopped = false;
  let lowest = Number.POSITIVE_INFINITY;
  const count = () => {
    if (stopped) return;
    const healthy = healthyWithTraffic(world);
    // A gap is reported once for each new depth.
    if (healthy < least && healthy < lowest) {
      lowest = healthy;
      found.push(
        `${healthy} healthy targets have traffic at ${new Date(world.clock.now()).toISOString()}, at least ${least} must`,
      );
    }
    background.after(everyMs, count);
  };
  count();
  return {
    take() {
      const taken = found;
      found = [];
      lowest = Number.POSITIVE_INFINITY;
      return taken;
    },
    expect(wanted) {
      least = wanted;
    },
    stop() {
      stopped = true;
    },
  };
}

function healthyWithTraffic(world: Simulated): number {
  const state = world.cloud.state?.();
  if (!state) return 0;
  const { targetGroup, greenTargetGroup } = world.fleet.names;
  const own = new Set(
    Object.values(state.targetGroups)
      .filter(({ name }) => name === targetGroup || name === greenTargetGroup)
      .map(({ arn }) => arn),
  );
  const withTraffic = Object.values(state.listeners)
    .flatMap(({ defaultActions }) => defaultActions)
    .flatMap((action) => {
      const { TargetGroups = [] } = (action.ForwardConfig ?? {}) as {
        TargetGroups?: { TargetGroupArn: string; Weight?: number }[];
      };
      return TargetGroups.filter(({ Weight = 1 }) => Weight > 0).map(({ TargetGroupArn }) => TargetGroupArn);
    })
    .filter((arn) => own.has(arn));
  // Each group with traffic must be able to bear it: of two, the weaker one counts.
  const healthy = [...new Set(withTraffic)].map(
    (arn) => (state.targetGroups[arn]?.targets ?? []).filter(({ state: health }) => health === 'healthy').length,
  );
  return healthy.length === 0 ? 0 : Math.min(...healthy);
}
