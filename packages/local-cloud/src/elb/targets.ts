import type { CloudContext, TargetService } from '../context.ts';
import type { TargetGroupRecord, TargetRecord } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { findTargetGroup, usage } from './find.ts';
import { limits } from './limits.ts';
import type { BalancerSync } from './sync.ts';
import { health } from './target-state.ts';

interface Wanted {
  id: string;
  /** The target group's port when absent. */
  port?: number;
}

/** The targets of target groups: what registering and deregistering mean for the records. */
export class Targets {
  constructor(
    private readonly context: CloudContext,
    private readonly sync: BalancerSync,
  ) {}

  /** Registers all or none. Targets that are there stay as they are; draining ones begin anew. */
  register(group: TargetGroupRecord, wanted: Wanted[]): void {
    for (const { id } of wanted) {
      const instance = this.context.state.instances[id];
      if (instance?.state !== 'running')
        throw new CloudError(
          'InvalidTarget',
          `The following targets are not in a running state and cannot be registered: '${id}'`,
        );
      if (group.vpcId !== undefined && instance.vpcId !== group.vpcId)
        throw new CloudError(
          'InvalidTarget',
          `The following targets are not in the target group VPC '${group.vpcId}': '${id}'`,
        );
    }
    this.put(group, wanted);
  }

  /** As `register`, for callers that know their instances. */
  put(group: TargetGroupRecord, wanted: Wanted[]): void {
    const fresh = wanted.map(({ id, port = group.port }) => ({
      id,
      port,
      known: group.targets.find((one) => one.id === id && one.port === port),
    }));
    const uses = usage(this.context.state);
    this.#checkCount(group, fresh.filter(({ known }) => !known).length, uses);
    const start = uses.has(group.arn) ? health.registering : health.notInUse;
    for (const { id, port, known } of fresh) {
      if (known && known.state !== 'draining') continue;
      const target: TargetRecord = { id, port, registeredAt: this.context.clock.now(), ...start };
      // A new record: whoever still watches the old registration's end sees that it is over.
      group.targets = [...group.targets.filter((one) => one !== known), target];
      this.sync.changed(group.arn, id);
    }
    this.sync.enqueue();
  }

  #checkCount(group: TargetGroupRecord, more: number, uses: Map<string, Set<string>>): void {
    const inGroup = limits['targets-per-target-group'];
    if (group.targets.length + more > inGroup)
      throw new CloudError('TooManyTargets', `A target group can have at most ${inGroup} targets`);
    const inBalancer = limits['targets-per-application-load-balancer'];
    for (const balancer of more ? (uses.get(group.arn) ?? []) : []) {
      const its = [...uses].filter(([, balancers]) => balancers.has(balancer)).map(([arn]) => arn);
      const now = its.reduce((sum, arn) => sum + (this.context.state.targetGroups[arn]?.targets.length ?? 0), 0);
      if (now + more > inBalancer)
        throw new CloudError('TooManyTargets', `A load balancer can have at most ${inBalancer} targets`);
    }
  }

  /** Begins to drain; targets that got no traffic anyway (`unused`) leave at once, unknown ones are refused. */
  deregister(group: TargetGroupRecord, wanted: Wanted[]): void {
    const found = wanted.flatMap(({ id, port }) => {
      const matches = group.targets.filter((one) => one.id === id && (port === undefined || one.port === port));
      if (!matches.length && !this.context.state.instances[id])
        throw new CloudError('InvalidTarget', `The target '${id}' is not registered`);
      return matches;
    });
    for (const target of found) {
      if (target.state === 'draining') continue;
      if (target.state === 'unused') group.targets = group.targets.filter((one) => one !== target);
      else {
        Object.assign(target, health.draining);
        target.drainingSince = this.context.clock.now();
      }
      this.sync.changed(group.arn, target.id);
    }
    this.sync.enqueue();
  }
}

/** ELBv2 as Auto Scaling sees it. */
export function targetService(context: CloudContext, targets: Targets, sync: BalancerSync): TargetService {
  const { state } = context;
  const registered = (arn: string, id: string): TargetRecord[] =>
    (state.targetGroups[arn]?.targets ?? []).filter((one) => one.id === id);
  return {
    register: (arn, id) => targets.put(findTargetGroup(state, arn), [{ id }]),
    deregister(arn, id) {
      const group = state.targetGroups[arn];
      const leaving = registered(arn, id);
      if (!group || !leaving.length) return Promise.resolve();
      // Not "no target of this id": registered again meanwhile, this deregistration is over too.
      const over = (): boolean => !leaving.some((target) => state.targetGroups[arn]?.targets.includes(target));
      return new Promise((resolve) => {
        const stop = sync.onStateChange(() => {
          if (!over()) return;
          stop();
          resolve();
        });
        targets.deregister(group, [{ id }]);
      });
    },
    state: (arn, id) => registered(arn, id)[0]?.state,
    exists: (arn) => Object.hasOwn(state.targetGroups, arn),
    onStateChange(listener) {
      sync.onStateChange(listener);
    },
  };
}
