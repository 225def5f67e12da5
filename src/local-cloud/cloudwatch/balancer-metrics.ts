import type { CloudContext } from '../context.ts';
import type { ServedRequest } from '../elb/balancer-driver.ts';
import { usage } from '../elb/find.ts';
import type { Dimensions, MetricStore } from './metric-store.ts';

/** The namespace of what is measured here. */
export const balancerNamespace = 'AWS/ApplicationELB';

/** Units of the metrics, by name; those that are not listed count something. */
export function unitOf(metric: string): 'Seconds' | 'Count' {
  return metric === 'TargetResponseTime' ? 'Seconds' : 'Count';
}

/** Measures what load balancers do, as `AWS/ApplicationELB` has it. */
export class BalancerMetrics {
  constructor(
    private readonly context: CloudContext,
    private readonly store: MetricStore,
  ) {
    context.balancer.watchRequests?.((requests) => this.#noteAll(requests));
  }

  /** Requests that are alike are noted at once: there may be thousands a second, answered in a few milliseconds each. */
  #noteAll(requests: ServedRequest[]): void {
    const alike = new Map<string, { request: ServedRequest; times: number }>();
    for (const request of requests) {
      const { listenerArn, targetGroupArn, targetId, status, by, seconds } = request;
      const key = `${listenerArn} ${targetGroupArn} ${targetId} ${status} ${by} ${seconds}`;
      const known = alike.get(key);
      if (known) known.times++;
      // One balancer serves all regions.
      else if (listenerArn.split(':')[3] === this.context.region.name) alike.set(key, { request, times: 1 });
    }
    const now = this.context.clock.now();
    for (const { request, times } of alike.values()) this.#note(request, now, times);
  }

  #note(
    { listenerArn, targetGroupArn, targetId, status, by, seconds }: ServedRequest,
    now: number,
    times: number,
  ): void {
    const LoadBalancer = balancerOfListener(listenerArn);
    const note = (to: Dimensions, metric: string, value = 1) => this.store.note(to, metric, now, value, times);
    const hundreds = `${Math.floor(status / 100)}XX`;
    if (by === 'action')
      note({ LoadBalancer }, hundreds === '3XX' ? 'HTTP_Redirect_Count' : 'HTTP_Fixed_Response_Count');
    if (by === 'balancer') {
      note({ LoadBalancer }, `HTTPCode_ELB_${hundreds}_Count`);
      if (status >= 500) note({ LoadBalancer }, `HTTPCode_ELB_${status}_Count`);
    }
    if (!targetGroupArn || !targetId) return;
    for (const set of this.#setsOf(LoadBalancer, targetGroupArn, targetId)) {
      note(set, 'RequestCount');
      if (by === 'balancer') note(set, 'TargetConnectionErrorCount');
      else note(set, `HTTPCode_Target_${hundreds}_Count`);
      if (seconds !== undefined) note(set, 'TargetResponseTime', seconds);
    }
  }

  /** The sets of dimensions that AWS has, and one by target, which AWS has not. */
  #setsOf(LoadBalancer: string, targetGroupArn: string, targetId: string): Dimensions[] {
    const TargetGroup = nameIn(targetGroupArn, 'targetgroup/');
    const AvailabilityZone = this.context.state.instances[targetId]?.availabilityZone ?? 'unknown';
    const sets: Dimensions[] = [{ LoadBalancer }, { LoadBalancer, TargetGroup }];
    return [
      ...sets,
      ...sets.map((set) => ({ ...set, AvailabilityZone })),
      { LoadBalancer, TargetGroup, Target: targetId },
    ];
  }

  /** Notes how many targets are healthy now, in each target group that is used. */
  sample(): void {
    const { state, clock } = this.context;
    for (const [arn, balancers] of usage(state)) {
      const targets = state.targetGroups[arn]?.targets ?? [];
      const healthy = targets.filter((target) => target.state === 'healthy').length;
      const unhealthy = targets.filter((target) => target.state === 'unhealthy').length;
      for (const balancer of balancers) {
        const LoadBalancer = nameIn(balancer, 'loadbalancer/').slice('loadbalancer/'.length);
        const of = { LoadBalancer, TargetGroup: nameIn(arn, 'targetgroup/') };
        this.store.note(of, 'HealthyHostCount', clock.now(), healthy);
        this.store.note(of, 'UnHealthyHostCount', clock.now(), unhealthy);
      }
    }
  }
}

/** `app/<name>/<id>` of a listener's ARN, which goes on with the listener's own id. */
function balancerOfListener(arn: string): string {
  return nameIn(arn, 'listener/')
    .slice('listener/'.length)
    .replace(/\/[^/]+$/, '');
}

function nameIn(arn: string, from: string): string {
  return arn.slice(arn.indexOf(from));
}
