import type { InstanceStateName, TargetRecord, TargetState } from '../model.ts';
import type { CheckFailure, TargetReading } from './balancer-driver.ts';

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

/** A target whose checks were bad, in AWS's words. */
function unhealthy(failure: CheckFailure | undefined): Health {
  switch (failure?.kind) {
    case 'code':
      return {
        ...{ state: 'unhealthy', reason: 'Target.ResponseCodeMismatch' },
        description: `Health checks failed with these codes: [${failure.code}]`,
      };
    case 'timeout':
      return { state: 'unhealthy', reason: 'Target.Timeout', description: 'Request timed out' };
    default:
      return health.failed;
  }
}

/** A target whose instance cannot answer; undefined for one that could. One that is forgotten was terminated. */
function invalidState(instance: InstanceStateName = 'terminated'): Health | undefined {
  if (instance !== 'stopped' && instance !== 'terminated') return undefined;
  return { state: 'unused', reason: 'Target.InvalidState', description: `Target is in the ${instance} state` };
}

export interface Circumstances {
  /** Whether a listener or rule uses the target group. */
  inUse: boolean;
  /** State of its instance; undefined for one that is not known any more. */
  instance: InstanceStateName | undefined;
  /** Whether the balancer has it. */
  told: boolean;
  /** What the balancer says of it as it is registered now. */
  reading: TargetReading | undefined;
  now: number;
  /** How long it drains at the least, even with nothing in flight. */
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
  const invalid = invalidState(at.instance);
  if (invalid) return invalid;
  if (!at.reading) return at.told ? undefined : health.registering;
  if (at.reading.health === 'up') return health.healthy;
  return at.reading.health === 'down' ? unhealthy(at.reading.failure) : health.checking;
}
