import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { type CloudDescriptor, spawnCloud, stopCloud } from 'golden-pipeline-local-cloud/client';
import { account } from 'golden-pipeline-local-cloud/model';
import { Account } from '../../test/behaviour/account.ts';
import { type TreeMemory, treeMemory } from './memory.ts';

/** A group behind a load balancer. */
export interface BenchFleet {
  AutoScalingGroupName: string;
  LaunchTemplateName: string;
  targets: string;
  url: string;
}

/** User data, in base64, of a machine that answers on port 8080 and ends as a service should; simulated machines need none. */
const webServer = Buffer.from(`#!/bin/sh
mkdir -p /etc/sv/web
cat > /etc/sv/web/run <<'RUN'
#!/bin/sh
. /run/pipeline/instance.env
export HOST
exec node /srv/server.js 2>&1
RUN
cat > /srv/server.js <<'SERVER'
const server = require('node:http').createServer((request, response) => response.end('ok'));
server.keepAliveTimeout = 75000;
server.listen(8080, process.env.HOST);
process.on('SIGTERM', () => server.close());
SERVER
chmod 755 /etc/sv/web/run
ln -s /etc/sv/web /etc/service/web
`).toString('base64');

/** Of the times in /proc: Linux counts hundredths of a second for programs. */
const ticksPerSecond = 100;

/** A local cloud in a process of its own, whose memory and processor time can be read. */
export class BenchCloud extends Account {
  /** @param descriptor of a cloud that runs */
  constructor(
    readonly descriptor: Pick<CloudDescriptor, 'pid' | 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
    readonly dir: string,
  ) {
    const { endpoint, region, accessKeyId, secretAccessKey } = descriptor;
    super({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  }

  static async start(driver: 'sandbox' | 'simulated'): Promise<BenchCloud> {
    const dir = await mkdtemp(path.join(tmpdir(), 'gp-bench-'));
    return new BenchCloud(await spawnCloud({ dir, driver }), dir);
  }

  /** MiB that the daemon's process has in memory, without machines and HAProxy. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.descriptor.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** MiB of the daemon and of all that it has started: machines with their services, SSH, HAProxy. */
  processMemory(): Promise<TreeMemory> {
    return treeMemory(this.descriptor.pid);
  }

  /** Seconds of processor time that the daemon uses while `work` goes on, without machines and HAProxy. */
  async cpuSeconds(work: () => Promise<unknown>): Promise<number> {
    const before = await this.#ticks();
    await work();
    return ((await this.#ticks()) - before) / ticksPerSecond;
  }

  async #ticks(): Promise<number> {
    const stat = await readFile(`/proc/${this.descriptor.pid}/stat`, 'utf8');
    // The name of the program before may hold anything; then come the state and eleven more fields.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  }

  /** A fleet of that size, asked for but not there yet, behind a balancer that is; two checks of 1 s decide. */
  async fleet(size: number): Promise<BenchFleet> {
    const targets = await this.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    await this.listener(targets);
    const { LoadBalancers } = await this.elb.send(new DescribeLoadBalancersCommand({}));
    const LaunchTemplateName = await this.template(undefined, { UserData: webServer });
    const AutoScalingGroupName = this.name('group');
    await this.asg.send(
      new CreateAutoScalingGroupCommand({
        ...{ AutoScalingGroupName, MinSize: 0, MaxSize: 2 * size, DesiredCapacity: size },
        ...{ LaunchTemplate: { LaunchTemplateName, Version: '$Latest' }, TargetGroupARNs: [targets] },
        ...{ VPCZoneIdentifier: Object.values(account.subnets).join(','), HealthCheckType: 'ELB' },
        HealthCheckGracePeriod: 60,
      }),
    );
    const url = `http://${LoadBalancers?.at(-1)?.DNSName}:8000`;
    return { AutoScalingGroupName, LaunchTemplateName, targets, url };
  }

  /** Sets the deregistration delay of a target group. */
  async drainFor(TargetGroupArn: string, seconds: number): Promise<void> {
    const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: `${seconds}` }];
    await this.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
  }

  /** Waits until so many targets are healthy; looks ten times a second, so that looking costs little. */
  async allHealthy(TargetGroupArn: string, count: number): Promise<void> {
    const deadline = Date.now() + 120_000;
    while ((await this.#healthy(TargetGroupArn)) !== count) {
      if (Date.now() > deadline) throw new Error(`${count} targets did not get healthy within 120 s`);
      await systemClock().sleep(100);
    }
  }

  async #healthy(TargetGroupArn: string): Promise<number> {
    const { TargetHealthDescriptions = [] } = await this.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').length;
  }

  async close(): Promise<void> {
    this.disconnect();
    await stopCloud(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }
}
