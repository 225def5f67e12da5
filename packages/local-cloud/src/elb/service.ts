import type { CloudContext, TargetService } from '../context.ts';
import type { Service } from '../service.ts';
import { capacityHandlers } from './handlers/capacity.ts';
import { listenerHandlers } from './handlers/listeners.ts';
import { loadBalancerHandlers } from './handlers/load-balancers.ts';
import { placementHandlers } from './handlers/placement.ts';
import { ruleHandlers } from './handlers/rules.ts';
import type { ElbParts } from './handlers/shared.ts';
import { tagHandlers } from './handlers/tags.ts';
import { targetGroupHandlers } from './handlers/target-groups.ts';
import { targetHandlers } from './handlers/targets.ts';
import { tlsHandlers } from './handlers/tls.ts';
import { BalancerSync } from './sync.ts';
import { Targets, targetService } from './targets.ts';

export interface ElbService extends Service {
  /** Target registration for Auto Scaling. */
  targets: TargetService;
  /** Begins to keep the balancer (started already) in step with the records, those of a former run included. */
  start(): void;
  /** Stops doing so; the balancer is its owner's to close. */
  stop(): void;
}

/** ELBv2 on a balancer driver. */
export function createElbService(context: CloudContext): ElbService {
  const sync = new BalancerSync(context);
  const parts: ElbParts = { context, sync };
  const targets = new Targets(context, sync);
  const handlers = {
    ...loadBalancerHandlers(parts),
    ...capacityHandlers(parts),
    ...placementHandlers(parts),
    ...targetGroupHandlers(parts),
    ...listenerHandlers(parts),
    ...ruleHandlers(parts),
    ...targetHandlers(parts, targets),
    ...tagHandlers(parts),
    ...tlsHandlers(parts),
  };
  return {
    handlers,
    targets: targetService(context, targets, sync),
    start: () => sync.start(),
    stop: () => sync.stop(),
  };
}
