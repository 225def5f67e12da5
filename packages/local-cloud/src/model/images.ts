import type { Tags } from './tags.ts';

export type ImageState = 'pending' | 'available' | 'failed' | 'deregistered' | 'disabled';

export interface ImageRecord {
  id: string;
  name: string;
  description?: string;
  state: ImageState;
  stateReason?: { code: string; message: string };
  createdAt: number;
  sourceInstanceId?: string;
  snapshotId: string;
  tags: Tags;
  /** Milliseconds since the epoch when the image is marked deprecated. */
  deprecationTime?: number;
  /** Account ids, and `all` for everybody, that may launch it besides the owner. */
  launchPermissions?: string[];
  /** Since when it is only a tombstone. */
  deregisteredAt?: number;
  /** The driver may still hold data of this deregistered or failed image that is to be deleted. */
  dataLeft?: boolean;
  /** Id under which the driver keeps its data, where that is not its own: a copy shares its source's. */
  dataId?: string;
  /** What a copy was made of. */
  source?: { imageId: string; region: string };
  encrypted?: boolean;
  kmsKeyId?: string;
  /** Of the CopyImage that made it, with the digest of that request. */
  clientToken?: string;
  clientTokenDigest?: string;
  /** While it is there, the image cannot be deregistered; `until` when a disabled one's cooldown ends. */
  protection?: { withCooldown: boolean; until?: number };
}

export interface SnapshotRecord {
  id: string;
  state: 'pending' | 'completed' | 'error';
  volumeId: string;
  description?: string;
  startTime: number;
  sizeBytes: number;
  tags: Tags;
  encrypted?: boolean;
  kmsKeyId?: string;
  /** Size of the volume in GiB, where it is not the usual one. */
  volumeGib?: number;
  /** When it is done, for one that no image waits for. */
  completedAt?: number;
  /** Account ids, and `all` for everybody, that may make volumes of it besides the owner. */
  createVolumePermissions?: string[];
}
