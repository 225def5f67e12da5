import { AutoScalingClient, DescribeAccountLimitsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeAccountAttributesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { Connection } from '../engine/connection.ts';
import { toPipelineError } from './errors.ts';
import { probeBalancers } from './probe-balancers.ts';
import { reconnect } from './reconnect.ts';

/** The services, ready to be called. */
export interface AwsClients {
  ec2: EC2Client;
  autoScaling: AutoScalingClient;
  elb: ElasticLoadBalancingV2Client;
  /** Only where the fleets of the local cloud are created. */
  iam?: IAMClient;
}

/** Endpoint, region and credentials; what is absent comes from the AWS environment variables and profiles. */
export interface AwsTarget {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  defaultsMode?: 'in-region' | 'cross-region' | 'mobile' | 'standard' | 'legacy' | 'auto';
  useFipsEndpoint?: boolean;
  useDualstackEndpoint?: boolean;
}

/**
 * A cloud at an endpoint of its own. Everything that leads calls elsewhere or fails beside an endpoint is set, so that
 * neither the AWS environment variables nor profiles decide it.
 */
export function endpointTarget(where: AwsTarget & { endpoint: string }): AwsTarget {
  return { ...where, defaultsMode: 'legacy', useFipsEndpoint: false, useDualstackEndpoint: false };
}

/** A network that drops packets without a word is noticed in this time; in milliseconds. */
export const requestLimits = { connectionTimeout: 5000, requestTimeout: 60_000, throwOnRequestTimeout: true };

/**
 * Creates the clients. Their `adaptive` retries follow the account's throttling, so callers must not retry again. Every
 * failure becomes a PipelineError with the operation's name in it.
 * @param connection What waits for a broken connection; without it calls fail at once.
 */
export function createClients(target: AwsTarget, connection?: Connection): AwsClients {
  const options = { ...target, retryMode: 'adaptive', maxAttempts: 5, requestHandler: requestLimits };
  const clients = {
    ec2: new EC2Client(options),
    autoScaling: new AutoScalingClient(options),
    elb: new ElasticLoadBalancingV2Client(options),
  };
  for (const client of Object.values(clients)) {
    (client.middlewareStack as { add: EC2Client['middlewareStack']['add'] }).add(
      (next, context) => async (args) => {
        try {
          return await next(args);
        } catch (error) {
          throw toPipelineError(error, (context.commandName ?? 'AWS call').replace(/Command$/, ''));
        }
      },
      { step: 'initialize', name: 'pipelineErrors', priority: 'high' },
    );
  }
  if (connection) {
    const { ec2, autoScaling, elb } = clients;
    const limits = 'DescribeAccountLimits';
    const attributes = () => ec2.send(new DescribeAccountAttributesCommand({ AttributeNames: ['default-vpc'] }));
    reconnect(ec2, connection, { operation: 'DescribeAccountAttributes', send: attributes });
    const groups = () => autoScaling.send(new DescribeAccountLimitsCommand({}));
    reconnect(autoScaling, connection, { operation: limits, send: groups });
    reconnect(elb, connection, { operation: limits, send: () => probeBalancers(elb) });
  }
  return clients;
}
