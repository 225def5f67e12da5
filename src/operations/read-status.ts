import { readTargets } from '../aws/balancers.ts';
import { groupMachines } from '../aws/instances.ts';
import type { LockRecord, RunRecord } from '../ledger/types.ts';
import type { Services } from '../steps/services.ts';
import { observeFleet } from '../steps/support/observe.ts';

/** What `status --json` prints. */
export interface FleetStatus {
  app: string;
  environment: string;
  /** The version that new machines get; null before the first release. */
  version: string | null;
  desired: number;
  healthy: number;
  instances: { id: string; version: string | null; lifecycle: string; health: string; address: string }[];
  lock: LockRecord | null;
  run: Pick<RunRecord, 'id' | 'operation' | 'startedAt' | 'outcome' | 'by'> | null;
}

/** Reads the fleet, machine by machine, with a number of calls that does not grow with it. */
export async function readStatus(services: Services): Promise<FleetStatus> {
  const { fleet, aws, ledger } = services;
  const seen = await observeFleet(services);
  const [targets, machines, lock, runs] = await Promise.all([
    readTargets(aws.elb, seen.facts.targetGroupArn),
    groupMachines(aws.ec2, seen.facts.group),
    ledger.lockOf(fleet.app),
    ledger.runs(fleet.app, 1),
  ]);
  const byId = new Map(machines.map((machine) => [machine.id, machine]));
  const health = new Map(targets.map((target) => [target.id, target.state]));
  const run = runs[0];
  return {
    app: fleet.app,
    environment: fleet.environment,
    version: seen.facts.current.version ?? null,
    desired: seen.live.desired,
    healthy: seen.healthy.length,
    instances: seen.live.instances.map((instance) => ({
      id: instance.id,
      version: byId.get(instance.id)?.version ?? null,
      lifecycle: instance.lifecycle,
      health: health.get(instance.id) ?? instance.health.toLowerCase(),
      address: byId.get(instance.id)?.address ?? '',
    })),
    lock: lock ?? null,
    run: run
      ? { id: run.id, operation: run.operation, startedAt: run.startedAt, outcome: run.outcome, by: run.by }
      : null,
  };
}
