import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { HandlerTable } from '../../wire/handler.ts';
import { invalid } from '../errors.ts';
import { findTargetGroup } from '../find.ts';
import { health } from '../target-state.ts';
import type { Targets } from '../targets.ts';
import { required, whole } from '../validate.ts';
import type { ElbParts } from './shared.ts';

/** Registration and health of targets. */
export function targetHandlers({ context }: ElbParts, targets: Targets): HandlerTable {
  const { state } = context;
  const checked = (given: elb.TargetDescription[] | undefined): { id: string; port: number | undefined }[] => {
    if (!given?.length) throw invalid('At least one target must be specified');
    return given.map(({ Id, Port }) => ({
      id: required(Id, 'target ID'),
      port: Port === undefined ? undefined : whole(Port, 'port', 1, 65_535, 80),
    }));
  };

  return {
    RegisterTargets(input: elb.RegisterTargetsInput): elb.RegisterTargetsOutput {
      const group = findTargetGroup(state, input.TargetGroupArn);
      targets.register(group, checked(input.Targets));
      return {};
    },

    DeregisterTargets(input: elb.DeregisterTargetsInput): elb.DeregisterTargetsOutput {
      const group = findTargetGroup(state, input.TargetGroupArn);
      targets.deregister(group, checked(input.Targets));
      return {};
    },

    DescribeTargetHealth(input: elb.DescribeTargetHealthInput): elb.DescribeTargetHealthOutput {
      const group = findTargetGroup(state, input.TargetGroupArn);
      const show = (
        id: string,
        port: number,
        at: { state: string; reason?: string; description?: string },
      ): elb.TargetHealthDescription => ({
        Target: { Id: id, Port: port },
        HealthCheckPort: group.healthCheck.port === 'traffic-port' ? String(port) : group.healthCheck.port,
        TargetHealth: {
          State: at.state as elb.TargetHealth['State'],
          ...(at.reason ? { Reason: at.reason as elb.TargetHealth['Reason'], Description: at.description } : {}),
        },
      });
      if (!input.Targets?.length)
        return { TargetHealthDescriptions: group.targets.map((one) => show(one.id, one.port, one)) };
      return {
        TargetHealthDescriptions: checked(input.Targets).flatMap(({ id, port }) => {
          const found = group.targets.filter((one) => one.id === id && (port === undefined || one.port === port));
          if (found.length) return found.map((one) => show(id, one.port, one));
          return [show(id, port ?? group.port, health.notRegistered)];
        }),
      };
    },
  };
}
