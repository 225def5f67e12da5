import type { Clock } from '@golden-pipeline/shared/clock';
import type { LoadBalancerRecord, TargetGroupRecord } from '../../../src/model.ts';
import {
  type Backend,
  freePort,
  ownAddress,
  type RealBalancer,
  startBackend,
  startDriver,
  untilHealth,
} from './real.ts';
import { loadBalancer } from './records.ts';

/** A load balancer in a HAProxy of its own, with the backends of a test. */
export interface OpenBalancer {
  real: RealBalancer;
  balancer: LoadBalancerRecord;
  /** Free on the address of the balancer: no listener is applied yet. */
  port: number;
  /** Where a listener on that port is reached. */
  url: string;
  /** Starts a backend that `close` closes. */
  backend(id: string, port?: number): Promise<Backend>;
  /** The same, registered with the group and seen in that health by the driver. */
  serve(group: TargetGroupRecord, id: string, health?: 'up' | 'down'): Promise<Backend>;
  close(): Promise<void>;
}

export async function openBalancer(clock?: Clock): Promise<OpenBalancer> {
  const real = await startDriver(undefined, clock);
  const balancer = loadBalancer(ownAddress());
  const port = await freePort(balancer.address);
  const backends: Backend[] = [];
  const backend = async (id: string, at?: number): Promise<Backend> => {
    const started = await startBackend(id, at);
    backends.push(started);
    return started;
  };
  return {
    real,
    balancer,
    port,
    url: `http://${balancer.address}:${port}/`,
    backend,
    async serve(group, id, health = 'up') {
      const one = await backend(id);
      one.healthy = health === 'up';
      await real.driver.add(group.arn, one);
      await untilHealth(real.driver, id, health);
      return one;
    },
    async close() {
      await real.close();
      await Promise.all(backends.map((one) => one.close()));
    },
  };
}
