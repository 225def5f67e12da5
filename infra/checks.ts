import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../src/config/settings.ts';
import { namedNetwork } from './network.ts';

/**
 * Checks for what AWS would refuse only in the middle of a deploy.
 * @throws usage error `infra.network`, `infra.listener` or `infra.health-check`
 */
export function checkFleet(fleet: Fleet): void {
  checkNetwork(fleet);
  const { balancer, infrastructure } = fleet;
  const where = `${fleet.app} in ${fleet.environment}`;
  if (infrastructure.certificateArn && balancer.listenerPort === 80) {
    throw usageError(
      'infra.listener',
      `${where} has a certificate, but its listener has port 80`,
      'set balancer.listenerPort to 443',
    );
  }
  const { intervalSeconds, timeoutSeconds } = balancer.healthCheck;
  if (timeoutSeconds >= intervalSeconds) {
    throw usageError(
      'infra.health-check',
      `${where} checks health every ${intervalSeconds} s and waits ${timeoutSeconds} s for an answer`,
      'set balancer.healthCheck.timeoutSeconds below intervalSeconds',
    );
  }
}

function checkNetwork(fleet: Fleet): void {
  const { instance } = fleet;
  const where = `${fleet.app} in ${fleet.environment}`;
  const network = namedNetwork(fleet);
  if (!network && instance.subnetIds.length > 0) {
    throw usageError(
      'infra.network',
      `${where} names subnets (${instance.subnetIds.join(', ')}) but not their network`,
      'set infrastructure.vpcId',
    );
  }
  if (network && new Set(network.balancerSubnetIds).size < 2) {
    throw usageError(
      'infra.network',
      `the load balancer of ${where} has one subnet (${network.balancerSubnetIds.join(', ')})`,
      'name subnets of two availability zones in infrastructure.balancerSubnetIds',
    );
  }
}
