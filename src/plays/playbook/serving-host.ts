import { groupInstances } from '../../aws/instances.ts';
import type { FleetFacts, Services } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';

/** A host of the version that serves, as preflight chooses one for the bake. */
export async function servingHost(
  { aws }: Pick<Services, 'aws'>,
  { group, current }: FleetFacts,
  healthy: readonly string[],
): Promise<Host | undefined> {
  const instances = (await groupInstances(aws.ec2, group)).filter((one) => healthy.includes(one.id));
  const instance = instances.find((one) => (one.version || undefined) === current.version);
  return instance && { instanceId: instance.id, address: instance.address };
}
