import { privateDnsName } from '../ec2/instances/machines.ts';
import { metadataOptionsOf } from '../ec2/instances/shape.ts';
import { rootDevice } from '../ec2/volumes/root.ts';
import type { CloudState, GroupInstance, InstanceRecord } from '../model.ts';
import type { Region } from '../regions.ts';
import { account } from '../settings.ts';
import type { Tree } from './tree.ts';

/** Where an instance's records are. */
export interface Place {
  state: CloudState;
  region: Region;
}

/** All that an instance can read of itself, but for its role: what `latest` holds. */
export function instanceTree(record: InstanceRecord, { state, region }: Place, iam: Tree | undefined): Tree {
  const { availabilityZone: zone } = record;
  const name = privateDnsName(record);
  const group = groupMember(state, record.id);
  return {
    dynamic: { 'instance-identity': { document: () => identityDocument(record, region) } },
    'meta-data': {
      'ami-id': record.imageId,
      'ami-launch-index': String(record.launchIndex ?? 0),
      autoscaling: group && { 'target-lifecycle-state': targetState(group) },
      'block-device-mapping': { ami: rootDevice, root: rootDevice },
      hostname: name,
      iam,
      'instance-action': 'none',
      'instance-id': record.id,
      'instance-life-cycle': 'on-demand',
      'instance-type': record.instanceType,
      'local-hostname': name,
      'local-ipv4': record.address,
      placement: {
        'availability-zone': zone,
        'availability-zone-id': region.zoneIds[zone],
        region: region.name,
      },
      profile: 'default-hvm',
      'public-keys': record.publicKey ? { '0': { 'openssh-key': record.publicKey } } : undefined,
      'reservation-id': record.reservationId,
      'security-groups': record.securityGroupIds.map((id) => state.securityGroups[id]?.name ?? id).join('\n'),
      services: { domain: 'amazonaws.com', partition: 'aws' },
      tags: metadataOptionsOf(record).InstanceMetadataTags === 'enabled' ? { instance: ownTags(record) } : undefined,
    },
    'user-data': record.userData === undefined ? undefined : () => userData(record.userData),
  };
}

/** Tags of AWS's own are not shown to the instance. */
function ownTags({ tags }: InstanceRecord): Tree {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:')));
}

function userData(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

function identityDocument(record: InstanceRecord, region: Region): string {
  const document = {
    accountId: account.id,
    architecture: 'x86_64',
    availabilityZone: record.availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: record.imageId,
    instanceId: record.id,
    instanceType: record.instanceType,
    kernelId: null,
    pendingTime: `${new Date(record.launchTime).toISOString().slice(0, 19)}Z`,
    privateIp: record.address,
    ramdiskId: null,
    region: region.name,
    version: '2017-09-30',
  };
  return JSON.stringify(document, undefined, 2);
}

function groupMember(state: CloudState, id: string): GroupInstance | undefined {
  for (const { instances } of Object.values(state.groups)) {
    const found = instances.find(({ instanceId }) => instanceId === id);
    if (found) return found;
  }
  return undefined;
}

/** The state that Auto Scaling brings, or has brought, the instance to. */
function targetState({ lifecycleState }: GroupInstance): string {
  if (lifecycleState.startsWith('Warmed:Terminating')) return 'Warmed:Terminated';
  if (lifecycleState === 'Warmed:Running') return 'Warmed:Running';
  if (lifecycleState.startsWith('Warmed:')) return 'Warmed:Stopped';
  if (lifecycleState.startsWith('Terminat')) return 'Terminated';
  if (lifecycleState.endsWith('Standby')) return 'Standby';
  return lifecycleState.startsWith('Detach') ? 'Detached' : 'InService';
}
