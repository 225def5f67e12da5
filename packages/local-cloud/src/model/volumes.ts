import type { Tags } from './tags.ts';

/** Settings of the root volume of an instance. */
export interface RootVolumeRecord {
  /** Size in GiB. */
  gib: number;
  type: string;
  iops?: number;
  /** MiB a second, of gp3. */
  throughput?: number;
  encrypted?: boolean;
  /** ARN. */
  kmsKeyId?: string;
  snapshotId?: string;
  deleteOnTermination: boolean;
}

/** Where a volume hangs. */
export interface VolumeAttachment {
  instanceId: string;
  device: string;
  at: number;
  /** Whether it goes with its instance. */
  deleteOnTermination: boolean;
}

/**
 * A volume that is not the root volume of an instance: made by a launch beside it, by CreateVolume, or left by an instance that
 * was terminated. Root volumes that are attached follow from their instance's record (ec2/volumes/root.ts).
 */
export interface VolumeRecord extends Omit<RootVolumeRecord, 'deleteOnTermination'> {
  id: string;
  zone: string;
  createdAt: number;
  tags: Tags;
  attachment?: VolumeAttachment;
  /** Of the CreateVolume that made it, with the digest of that request. */
  clientToken?: string;
  clientTokenDigest?: string;
}
