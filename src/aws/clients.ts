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
  /** Only where the fleets of the local cloud are made. */
  iam?: IAMClient;
}

/** Where and as whom to call; what is left out comes from the AWS environment variables and profiles. */
export interface AwsTarget {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/**
 * Makes the clients. `adaptive` retries follow the account's throttling by themselves, so nothing above retries again;
 * every failure leaves as a PipelineError with the operation's name in it.
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
