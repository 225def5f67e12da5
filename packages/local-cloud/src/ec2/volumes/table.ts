import { isId } from '../../ids.ts';
import { type CloudState, type InstanceRecord, table, type VolumeRecord } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { required } from '../errors.ts';
import { rootVolume } from './root.ts';

/** Every volume: root volumes of instances that are not terminated, and those with records of their own. */
export function volumesOf(state: CloudState): VolumeRecord[] {
  const live = Object.values(state.instances).filter((one) => one.state !== 'terminated');
  return [...live.map((one) => rootVolume(state, one)), ...Object.values(state.volumes ?? {})];
}

/** The volumes of an instance, the root volume first. */
export function attachedTo(state: CloudState, instance: InstanceRecord): VolumeRecord[] {
  if (instance.state === 'terminated') return [];
  return [rootVolume(state, instance), ...ownRecords(state, instance.id)];
}

/** Those with records of their own. */
export function ownRecords({ volumes = {} }: CloudState, instanceId: string): VolumeRecord[] {
  return Object.values(volumes).filter(({ attachment }) => attachment?.instanceId === instanceId);
}

export function addVolume(state: CloudState, record: VolumeRecord): void {
  state.volumes ??= table();
  state.volumes[record.id] = record;
}

/** @throws CloudError `InvalidVolumeID.Malformed` or `InvalidVolume.NotFound` */
export function findVolume(state: CloudState, volumeId: string | undefined): VolumeRecord {
  const id = checkVolumeId(required(volumeId, 'volumeId'));
  const made = state.volumes?.[id];
  if (made) return made;
  const owner = Object.values(state.instances).find((one) => one.volumeId === id && one.state !== 'terminated');
  if (owner) return rootVolume(state, owner);
  throw volumeNotFound(id);
}

/** @throws CloudError `InvalidVolumeID.Malformed` */
export function checkVolumeId(id: string): string {
  if (isId('vol', id)) return id;
  throw new CloudError(
    'InvalidVolumeID.Malformed',
    `Value (${id}) for parameter volumeId is invalid. Expected: 'vol-...'.`,
  );
}

export function volumeNotFound(id: string): CloudError {
  return new CloudError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
}

/** An instance is terminated: its volumes go with it, or stay without it. The root volume is still its own. */
export function releaseVolumes(state: CloudState, instance: InstanceRecord): void {
  const root = rootVolume(state, instance);
  if (!root.attachment?.deleteOnTermination) addVolume(state, { ...root, attachment: undefined });
  for (const volume of ownRecords(state, instance.id)) {
    if (volume.attachment?.deleteOnTermination) delete state.volumes?.[volume.id];
    else volume.attachment = undefined;
  }
}
