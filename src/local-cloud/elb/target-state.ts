import type { TargetRecord, TargetState } from '../model.ts';
import type { TargetReading } from './balancer-driver.ts';

/** State with its reason and text, as DescribeTargetHealth gives them. */
export interface Health {
  state: TargetState;
  reason?: string;
  description?: string;
}

export const health = {
  registering: {
    state: 'initial',
    reason: 'Elb.RegistrationInProgress',
    description: 'Target registration is in progress',
  },
  checking: { state: 'initial', reason: 'Elb.InitialHealthChecking', description: 'Initial health checks in progress' },
  healthy: { state: 'healthy' },
  failed: { state: 'unhealthy', reason: 'Target.FailedHealthChecks', description: 'Health checks failed' },
  draining: {
    state: 'draining',
    reason: 'Target.DeregistrationInProgress',
    description: 'Target deregistration is in progress',
  },
  notInUse: {
    ...{ state: 'unused', reason: 'Target.NotInUse' },
    description: 'Target group is not configured to receive traffic from the load balancer',
  },
  notRegistered: {
    state: 'unused',
    reason: 'Target.NotRegistered',
    description: 'Target is not registered to the target group',
  },
} satisfies Record<string, Health>;

export interface Circumstances {
  /** Whether a listener or rule uses the target group. */
  inUse: boolean;
  /** Whether its machine's address is, or was, known. */
  hasAddress: boolean;
  /** Whether the balancer has it. */
  told: boolean;
  /** What the balancer says of it as it is registered now. */
  reading: TargetReading | undefined;
  now: number;
  minimumDrainMs: number;
  /** The deregistration delay. */
  timeoutMs: number;
}

/** What a target is next; undefined when it stays as it is, `gone` when its deregistration is over. */
export function nextState(target: TargetRecord, at: Circumstances): Health | 'gone' | undefined {
  if (target.state === 'draining') {
    const drained = at.now - (target.drainingSince ?? at.now);
    if (drained >= at.timeoutMs) return 'gone';
    const idle = !at.told || at.reading?.sessions === 0;
    return idle && drained >= at.minimumDrainMs ? 'gone' : undefined;
  }
  if (!at.inUse) return health.notInUse;
  if (!at.hasAddress) return health.failed;
  if (!at.reading) return at.told ? undefined : health.registering;
  if (at.reading.health === 'up') return health.healthy;
  return at.reading.health === 'down' ? health.failed : health.checking;
}
