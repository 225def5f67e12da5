import type { CloudState, InstanceRecord, RootVolumeRecord, VolumeRecord } from '../../model.ts';

/** Where the root volume hangs. */
export const rootDevice = '/dev/xvda';

/** Size of a root volume that nobody gave one, in GiB. */
export const defaultVolumeGib = 8;

/** The root volume of an instance that is not terminated. Its tags are the instance's own table of them. */
export function rootVolume(state: CloudState, instance: InstanceRecord): VolumeRecord {
  const { deleteOnTermination, ...settings } = rootSettings(state, instance);
  instance.volumeTags ??= {};
  return {
    ...{ id: instance.volumeId, zone: instance.availabilityZone, createdAt: instance.launchTime, ...settings },
    ...{ tags: instance.volumeTags },
    attachment: { instanceId: instance.id, device: rootDevice, at: instance.launchTime, deleteOnTermination },
  };
}

/** What an instance's root volume is; instances of before have the settings that were the only ones then. */
export function rootSettings({ images, snapshots }: CloudState, { root, imageId }: InstanceRecord): RootVolumeRecord {
  if (root) return root;
  const { snapshotId, encrypted } = images[imageId] ?? {};
  const gib = (snapshotId && snapshots[snapshotId]?.volumeGib) || defaultVolumeGib;
  return { gib, type: 'gp3', iops: 3000, throughput: 125, snapshotId, encrypted, deleteOnTermination: true };
}
