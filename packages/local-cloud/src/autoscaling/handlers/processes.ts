import type { ScalingProcessQuery } from '@aws-sdk/client-auto-scaling';
import type { HandlerTable } from '../../wire/handler.ts';
import { validationError } from '../errors.ts';
import { processNames, requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';

/** The processes a request names; none means all. */
function named(request: ScalingProcessQuery): string[] {
  const given = request.ScalingProcesses ?? [];
  for (const name of given) {
    if (!processNames.some((p) => p === name)) throw validationError(`Invalid Scaling Process: ${name}`);
  }
  return given.length > 0 ? given : [...processNames];
}

export function processHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;
  return {
    SuspendProcesses(request: ScalingProcessQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const added = named(request).filter((name) => !group.suspendedProcesses.includes(name));
      group.suspendedProcesses.push(...added);
      group.suspendedAt = { ...group.suspendedAt, ...Object.fromEntries(added.map((name) => [name, clock.now()])) };
      ops.context.changed();
      return {};
    },

    ResumeProcesses(request: ScalingProcessQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const resumed = named(request);
      group.suspendedProcesses = group.suspendedProcesses.filter((name) => !resumed.includes(name));
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    DescribeScalingProcessTypes() {
      return { Processes: processNames.map((ProcessName) => ({ ProcessName })) };
    },
  };
}
