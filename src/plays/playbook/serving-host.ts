import { groupMachines } from '../../aws/instances.ts';
import type { FleetFacts, Services } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';

/** A host of the version that serves, as preflight chooses one for the bake. */
export async function servingHost(
  { aws }: Pick<Services, 'aws'>,
  { group, current }: FleetFacts,
  healthy: readonly string[],
): Promise<Host | undefined> {
  const machines = (await groupMachines(aws.ec2, group)).filter((one) => healthy.includes(one.id));
  const machine = machines.find((one) => (one.version || undefined) === current.version);
  return machine && { instanceId: machine.id, address: machine.address };
}
