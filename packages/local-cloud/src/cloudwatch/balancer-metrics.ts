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
  /** Sets of dimensions by load balancer, target group, target and zone. */
  readonly #sets = new Map<string, Dimensions[]>();

  constructor(
    private readonly context: CloudContext,
    private readonly store: MetricStore,
  ) {
    context.balancer.watchRequests?.((requests) => this.#noteAll(requests));
  }

  /** What comes again as the same object is noted at once: there may be thousands of requests a second. */
  #noteAll(requests: ServedRequest[]): void {
    const alike = new Map<ServedRequest, number>();
    for (const request of requests) alike.set(request, (alike.get(request) ?? 0) + 1);
    const counts = new Map<string, { request: ServedRequest; times: number }>();
    const now = this.context.clock.now();
    for (const [request, times] of alike) {
      const { listenerArn, targetGroupArn, targetId, status, by, failedOpen } = request;
      // One balancer serves all regions.
      if (listenerArn.split(':')[3] !== this.context.region.name) continue;
      this.#noteTime(request, now, times);
      const key = `${listenerArn} ${targetGroupArn} ${targetId} ${status} ${by} ${failedOpen}`;
      const count = counts.get(key);
      if (count) count.times += times;
      else counts.set(key, { request, times });
    }
    for (const { request, times } of counts.values()) this.#count(request, now, times);
  }

  #noteTime({ listenerArn, targetGroupArn, targetId, seconds }: ServedRequest, now: number, times: number): void {
    if (!targetGroupArn || !targetId || seconds === undefined) return;
    for (const set of this.#setsOf(balancerOfListener(listenerArn), targetGroupArn, targetId))
      this.store.note(set, 'TargetResponseTime', now, seconds, times);
  }

  #count(request: ServedRequest, now: number, times: number): void {
    const { listenerArn, targetGroupArn, targetId, status, by, failedOpen } = request;
    const LoadBalancer = balancerOfListener(listenerArn);
    const note = (to: Dimensions, metric: string) => this.store.note(to, metric, now, 1, times);
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
      if (failedOpen) note(set, 'UnhealthyRoutingRequestCount');
      note(set, by === 'balancer' ? 'TargetConnectionErrorCount' : `HTTPCode_Target_${hundreds}_Count`);
    }
  }

  /** The sets of dimensions that AWS has, and one by target, which AWS has not; the same objects for the same target. */
  #setsOf(LoadBalancer: string, targetGroupArn: string, targetId: string): Dimensions[] {
    const AvailabilityZone = this.context.state.instances[targetId]?.availabilityZone ?? 'unknown';
    const key = `${LoadBalancer} ${targetGroupArn} ${targetId} ${AvailabilityZone}`;
    let sets = this.#sets.get(key);
    if (!sets) {
      const TargetGroup = nameIn(targetGroupArn, 'targetgroup/');
      const both: Dimensions[] = [{ LoadBalancer }, { LoadBalancer, TargetGroup }];
      const zonal = both.map((set) => ({ ...set, AvailabilityZone }));
      sets = [...both, ...zonal, { LoadBalancer, TargetGroup, Target: targetId }];
      this.#sets.set(key, sets);
    }
    return sets;
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
