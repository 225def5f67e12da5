import type { AddressPool } from '../machines/address-pool.ts';
import type { CloudState } from '../model.ts';

/**
 * Marks the addresses of the state as taken. When the cloud came up on another block than before (its own was taken
 * meanwhile), machines and balancers move to the same place in the new one.
 */
export function reserveAddresses(state: CloudState, pool: AddressPool, block: number): void {
  const moved = (text: string) => text.replace(/^127\.\d+\./, `127.${block}.`);
  for (const record of Object.values(state.instances)) {
    if (record.state === 'terminated') continue;
    record.address = moved(record.address);
    pool.reserve(record.address);
  }
  for (const balancer of Object.values(state.loadBalancers)) {
    if (balancer.dnsName === balancer.address) balancer.dnsName = moved(balancer.dnsName);
    balancer.address = moved(balancer.address);
    pool.reserve(balancer.address);
  }
}
