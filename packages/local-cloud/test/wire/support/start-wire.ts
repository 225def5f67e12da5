import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { systemClock } from '@golden-pipeline/shared/clock';
import type { CallRecord } from '../../../src/calls/record.ts';
import { withDryRun } from '../../../src/ec2/dry-run.ts';
import type { HandlerTable } from '../../../src/wire/handler.ts';
import { createWireServer, type WireServerOptions } from '../../../src/wire/server.ts';

export const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'a/secret+key' };
export const region = 'eu-west-1';

export type Tables = {
  ec2?: HandlerTable;
  autoscaling?: HandlerTable;
  elasticloadbalancing?: HandlerTable;
  monitoring?: HandlerTable;
};

export interface TestWire {
  endpoint: string;
  port: number;
  calls: CallRecord[];
  reports: unknown[];
  ec2: EC2Client;
  autoscaling: AutoScalingClient;
  elb: ElasticLoadBalancingV2Client;
  cloudwatch: CloudWatchClient;
  close(): Promise<void>;
}

/** A wire server on a free port with handlers of the test's own, and the SDK's clients for it (which never retry). */
export async function startWire(tables: Tables = {}, options: Partial<WireServerOptions> = {}): Promise<TestWire> {
  const calls: CallRecord[] = [];
  const reports: unknown[] = [];
  const server = createWireServer({
    tables: { autoscaling: {}, elasticloadbalancing: {}, monitoring: {}, ...tables, ec2: withDryRun(tables.ec2 ?? {}) },
    credentials,
    region,
    clock: systemClock(),
    onCall: (record) => calls.push(record),
    report: (error) => reports.push(error),
    ...options,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  const endpoint = `http://127.0.0.1:${port}`;
  const config = { endpoint, region, credentials, maxAttempts: 1 };
  const ec2 = new EC2Client(config);
  const autoscaling = new AutoScalingClient(config);
  const elb = new ElasticLoadBalancingV2Client(config);
  const cloudwatch = new CloudWatchClient(config);
  const close = async () => {
    for (const client of [ec2, autoscaling, elb, cloudwatch]) client.destroy();
    await server.close();
  };
  return { endpoint, port, calls, reports, ec2, autoscaling, elb, cloudwatch, close };
}
