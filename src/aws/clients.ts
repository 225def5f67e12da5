import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { IAMClient } from '@aws-sdk/client-iam';
import { toPipelineError } from './errors.ts';

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
}

/**
 * Creates the clients. Their `adaptive` retries follow the account's throttling, so callers must not retry again. Every
 * failure becomes a PipelineError with the operation's name in it.
 */
export function createClients(target: AwsTarget): AwsClients {
  const options = { ...target, retryMode: 'adaptive', maxAttempts: 5 };
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
  return clients;
}
