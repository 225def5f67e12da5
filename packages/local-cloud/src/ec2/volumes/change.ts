import type {
  AttachVolumeRequest,
  CreateVolumeRequest,
  DeleteVolumeRequest,
  DetachVolumeRequest,
  Volume,
  VolumeAttachment,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { newId, requestDigest } from '../../ids.ts';
import type { VolumeRecord } from '../../model.ts';
import type { Region } from '../../regions.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue, missing, required, unsupported } from '../errors.ts';
import { readEncryption } from '../images/encryption.ts';
import { findSnapshot } from '../images/lookup.ts';
import { snapshotState } from '../images/shape.ts';
import { findInstance } from '../instances/lookup.ts';
import { tagList, tagsFor } from '../tag-shapes.ts';
import { readSettings } from './kinds.ts';
import { defaultVolumeGib, rootDevice } from './root.ts';
import { toAttachment, toVolume } from './shape.ts';
import { addVolume, attachedTo, findVolume } from './table.ts';

/** What makes, attaches, detaches and deletes volumes. They are records: no block device comes to a machine. */
export function changeVolumeHandlers(context: CloudContext): HandlerTable {
  const { state, region, clock } = context;
  return {
    CreateVolume: (input: CreateVolumeRequest): Volume => {
      const token = input.ClientToken || undefined;
      const digest = requestDigest(input);
      const repeated = token && Object.values(state.volumes ?? {}).find((one) => one.clientToken === token);
      if (repeated) {
        if (repeated.clientTokenDigest !== digest)
          throw new CloudError(
            'IdempotentParameterMismatch',
            'The client token has already been used for a previous request with different parameters.',
          );
        return created(repeated);
      }
      refuse(input);
      const zone = readZone(region, input);
      const snapshot = input.SnapshotId ? findSnapshot(state, input.SnapshotId) : undefined;
      if (snapshot && snapshotState(snapshot, clock.now()) !== 'completed')
        throw new CloudError('IncorrectState', `Snapshot '${snapshot.id}' is not completed.`);
      const least = snapshot && (snapshot.volumeGib ?? defaultVolumeGib);
      const gib = input.Size ?? least;
      if (gib === undefined) throw missing('size/snapshot');
      if (least !== undefined && gib < least)
        throw invalidValue(
          `Volume of size ${gib}GB is smaller than snapshot '${snapshot?.id}', expect size >= ${least}GB`,
        );
      const { VolumeType: type = 'gp2', Iops: iops, Throughput: throughput } = input;
      const record: VolumeRecord = {
        ...{ id: newId('vol'), zone, createdAt: clock.now(), snapshotId: snapshot?.id },
        ...readSettings({ gib, type, iops, throughput }),
        ...readEncryption(region, input, snapshot ?? {}),
        tags: tagsFor(input.TagSpecifications, 'volume', ['volume']),
        ...(token ? { clientToken: token, clientTokenDigest: digest } : {}),
      };
      addVolume(state, record);
      context.changed();
      return created(record);
    },

    DeleteVolume: (input: DeleteVolumeRequest): void => {
      const { id, attachment } = findVolume(state, input.VolumeId);
      if (attachment) throw inUse(id, attachment.instanceId);
      delete state.volumes?.[id];
      context.changed();
    },

    AttachVolume: (input: AttachVolumeRequest): VolumeAttachment => {
      const device = required(input.Device, 'device');
      const volume = findVolume(state, input.VolumeId);
      const instance = findInstance(state, input.InstanceId);
      if (volume.attachment) throw inUse(volume.id, volume.attachment.instanceId);
      if (input.EbsCardIndex) throw invalidValue(`Value (${input.EbsCardIndex}) for parameter ebsCardIndex is invalid`);
      if (instance.state !== 'running' && instance.state !== 'stopped')
        throw new CloudError('IncorrectState', `Instance '${instance.id}' is not 'running'.`);
      if (volume.zone !== instance.availabilityZone)
        throw new CloudError(
          'InvalidVolume.ZoneMismatch',
          `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
        );
      if (!/^(\/dev\/)?(sd|xvd|hd)[a-z]{1,2}\d{0,2}$/.test(device))
        throw invalidValue(
          `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`,
        );
      if (attachedTo(state, instance).some((one) => one.attachment?.device === device))
        throw invalidValue(`Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`);
      const attachment = { instanceId: instance.id, device, at: clock.now(), deleteOnTermination: false };
      volume.attachment = attachment;
      context.changed();
      return { ...toAttachment(volume.id, attachment), State: 'attaching' };
    },

    DetachVolume: (input: DetachVolumeRequest): VolumeAttachment => {
      const volume = findVolume(state, input.VolumeId);
      const { attachment } = volume;
      if (!attachment) throw new CloudError('IncorrectState', `Volume '${volume.id}' is in the 'available' state.`);
      if (input.InstanceId && findInstance(state, input.InstanceId).id !== attachment.instanceId)
        throw notAttached(volume.id, `to instance '${input.InstanceId}'`);
      if (input.Device && input.Device !== attachment.device)
        throw notAttached(volume.id, `as device '${input.Device}'`);
      if (attachment.device === rootDevice)
        throw new CloudError(
          'OperationNotPermitted',
          `Unable to detach root volume '${volume.id}' from instance '${attachment.instanceId}'`,
        );
      volume.attachment = undefined;
      context.changed();
      return { ...toAttachment(volume.id, attachment), State: 'detaching' };
    },
  };
}

/** As the call that makes it answers, with its tags whether or not there are any. */
function created(record: VolumeRecord): Volume {
  return { ...toVolume(record), State: 'creating', Tags: tagList(record.tags) };
}

function refuse(input: CreateVolumeRequest): void {
  const unserved = [
    ['OutpostArn', input.OutpostArn],
    ['MultiAttachEnabled', input.MultiAttachEnabled],
    ['Operator', input.Operator],
    ['VolumeInitializationRate', input.VolumeInitializationRate],
  ] as const;
  const [name] = unserved.find(([, value]) => value) ?? [];
  if (name) throw unsupported(`${name} is not supported by this cloud: leave it out`);
}

function readZone(region: Region, { AvailabilityZone: name, AvailabilityZoneId: id }: CreateVolumeRequest): string {
  const zone = name || (id ? region.zones.find((one) => region.zoneIds[one] === id) : undefined);
  if (!name && !id) throw missing('AvailabilityZone');
  if (zone && region.zones.includes(zone)) return zone;
  throw new CloudError('InvalidZone.NotFound', `The zone '${name || id}' does not exist.`);
}

function inUse(id: string, instanceId: string): CloudError {
  return new CloudError('VolumeInUse', `Volume ${id} is currently attached to ${instanceId}`);
}

function notAttached(id: string, how: string): CloudError {
  return new CloudError('InvalidAttachment.NotFound', `Volume '${id}' is not attached ${how}`);
}
