import {
  DescribeAccountLimitsCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';

/** A cheap read of Elastic Load Balancing that nothing else makes. Auto Scaling has a command of the same name. */
export async function probeBalancers(elb: ElasticLoadBalancingV2Client): Promise<void> {
  await elb.send(new DescribeAccountLimitsCommand({}));
}
