import type { BlockDeviceMapping, EbsBlockDevice } from '@aws-sdk/client-ec2';
import type { CloudState, RootVolumeRecord } from '../../model.ts';
import type { Region } from '../../regions.ts';
import { CloudError } from '../../wire/handler.ts';
import { invalidValue, missing } from '../errors.ts';
import { readEncryption } from '../images/encryption.ts';
import { findSnapshot } from '../images/lookup.ts';
import { readSettings } from './kinds.ts';
import { defaultVolumeGib, rootDevice } from './root.ts';

/** A volume that a launch makes. */
export interface Device extends RootVolumeRecord {
  device: string;
}

/**
 * The volumes of a launch beside the root volume, and the settings of that one.
 * @param image what the root volume is made of
 * @throws CloudError for mappings that EC2 refuses
 */
export function readDevices(
  state: CloudState,
  region: Region,
  mappings: BlockDeviceMapping[] | undefined,
  image: { snapshotId?: string; encrypted?: boolean },
): { root: RootVolumeRecord; others: Device[] } {
  const named = new Map<string, BlockDeviceMapping>();
  for (const mapping of mappings ?? []) {
    const device = mapping.DeviceName || missingName();
    if (named.has(device)) throw invalidMapping(`Multiple block device mappings for the device name '${device}'`);
    named.set(device, mapping);
  }
  const rootSnapshot = image.snapshotId;
  const rootGib = (rootSnapshot && state.snapshots[rootSnapshot]?.volumeGib) || defaultVolumeGib;
  const wanted = named.get(rootDevice);
  if (wanted?.NoDevice !== undefined) throw invalidMapping(`The root device '${rootDevice}' cannot be left out`);
  const root = readDevice(state, region, rootDevice, wanted?.Ebs ?? {}, {
    ...{ gib: rootGib, least: rootGib, type: 'gp3', snapshotId: rootSnapshot, encrypted: image.encrypted },
  });
  named.delete(rootDevice);
  const others = [...named].flatMap(([device, { Ebs, NoDevice, VirtualName }]) => {
    // Instance stores are of types that have one, and ignored with the others, as in EC2.
    if (NoDevice !== undefined || (VirtualName && !Ebs)) return [];
    if (!Ebs) throw missing('ebs');
    const snapshot = Ebs.SnapshotId ? findSnapshot(state, Ebs.SnapshotId) : undefined;
    const least = snapshot && (snapshot.volumeGib ?? defaultVolumeGib);
    const gib = Ebs.VolumeSize ?? least;
    if (gib === undefined) throw missing('size or snapshotId');
    const { id: snapshotId, encrypted } = snapshot ?? {};
    return [readDevice(state, region, device, Ebs, { gib, least, type: 'gp2', snapshotId, encrypted })];
  });
  return { root, others };
}

function readDevice(
  state: CloudState,
  region: Region,
  device: string,
  ebs: EbsBlockDevice,
  from: { gib: number; least?: number; type: string; snapshotId?: string; encrypted?: boolean },
): Device {
  refuse(ebs);
  if (device === rootDevice && ebs.SnapshotId && ebs.SnapshotId !== from.snapshotId) {
    findSnapshot(state, ebs.SnapshotId);
    throw invalidMapping(`The root device '${rootDevice}' is made of the image's own snapshot: leave SnapshotId out`);
  }
  const gib = ebs.VolumeSize ?? from.gib;
  if (from.least !== undefined && gib < from.least) {
    throw invalidMapping(
      `Volume of size ${gib}GB is smaller than snapshot '${from.snapshotId}', expect size >= ${from.least}GB`,
    );
  }
  const settings = readSettings({ gib, type: ebs.VolumeType ?? from.type, iops: ebs.Iops, throughput: ebs.Throughput });
  const encryption = readEncryption(region, ebs, from);
  const { snapshotId } = from;
  return { device, snapshotId, deleteOnTermination: ebs.DeleteOnTermination ?? true, ...settings, ...encryption };
}

/** What of a volume this cloud has not. */
function refuse(ebs: EbsBlockDevice): void {
  if (ebs.OutpostArn) throw invalidValue('Outposts are not supported by this cloud: leave OutpostArn out');
  if (ebs.EbsCardIndex)
    throw invalidValue(`Value (${ebs.EbsCardIndex}) for parameter ebsCardIndex is invalid: there is card 0 only`);
  const rate = ebs.VolumeInitializationRate;
  if (rate === undefined) return;
  if (!Number.isInteger(rate) || rate < 100 || rate > 300) {
    throw invalidValue(`Value (${rate}) for parameter volumeInitializationRate is invalid: from 100 to 300`);
  }
}

function missingName(): never {
  throw missing('deviceName');
}

function invalidMapping(message: string): CloudError {
  return new CloudError('InvalidBlockDeviceMapping', message);
}
