import type { CreateImageRequest, CreateImageResult } from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { CloudState, ImageRecord } from '../../model.ts';
import { type CallContext, CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue, required, unsupported } from '../errors.ts';
import { findInstance } from '../instances/lookup.ts';
import { tagsFor } from '../tag-shapes.ts';
import { rootDevice, rootSettings } from '../volumes/root.ts';
import type { Bakes } from './bakes.ts';

/** CreateImage. Like EC2's it has no client token: the name, unique among registered images, is the idempotency key. */
export function createImageHandlers(context: CloudContext, bakes: Bakes): HandlerTable {
  const { state, clock } = context;
  return {
    CreateImage: (input: CreateImageRequest, call: CallContext): CreateImageResult => {
      const instance = findInstance(state, input.InstanceId);
      const name = checkImageName(state, required(input.Name, 'Name'));
      if ((input.Description?.length ?? 0) > 255) throw invalidValue('The description is limited to 255 characters');
      refuseUnserved(input);
      if (instance.state !== 'running' && instance.state !== 'stopped') {
        throw new CloudError(
          'IncorrectState',
          `The instance '${instance.id}' is in state '${instance.state}': an image can be made of a running or stopped instance.`,
        );
      }
      const { gib, encrypted, kmsKeyId } = rootSettings(state, instance);
      const image: ImageRecord = {
        id: newId('ami'),
        name,
        description: input.Description || undefined,
        state: 'pending',
        createdAt: clock.now(),
        sourceInstanceId: instance.id,
        encrypted,
        snapshotId: newId('snap'),
        tags: tagsFor(input.TagSpecifications, 'image', ['image', 'snapshot']),
      };
      state.images[image.id] = image;
      state.snapshots[image.snapshotId] = {
        id: image.snapshotId,
        state: 'pending',
        volumeId: instance.volumeId,
        description: `Created by CreateImage(${instance.id}) for ${image.id}`,
        startTime: image.createdAt,
        sizeBytes: 0,
        volumeGib: gib,
        encrypted,
        kmsKeyId,
        tags: tagsFor(input.TagSpecifications, 'snapshot', ['image', 'snapshot']),
      };
      context.changed();
      const reboot = instance.state === 'running' && input.NoReboot !== true;
      for (const fault of bakes.begin(image, instance, reboot)) call.struck?.(fault);
      return { ImageId: image.id };
    },
  };
}

/** An image has the root volume as it is, in its region, and boots as its instance does. */
function refuseUnserved({ BlockDeviceMappings = [], SnapshotLocation, BootModeOverride }: CreateImageRequest): void {
  if (SnapshotLocation && SnapshotLocation !== 'regional')
    throw unsupported(`SnapshotLocation '${SnapshotLocation}' is not supported by this cloud`);
  if (BootModeOverride) throw unsupported(`BootModeOverride '${BootModeOverride}' is not supported by this cloud`);
  // Leaving out what the image does not have anyway changes nothing.
  const changed = BlockDeviceMappings.find((one) => one.Ebs || one.DeviceName === rootDevice);
  if (!changed) return;
  throw unsupported(
    `The block device mapping of '${changed.DeviceName}' is not supported by this cloud: an image has the root volume alone, as it is`,
  );
}

/** @throws CloudError `InvalidAMIName.Malformed` or `.Duplicate`. */
export function checkImageName(state: CloudState, name: string): string {
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name)) {
    throw new CloudError(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, spaces and the characters ( ) [ ] . / - ' @ _",
    );
  }
  const owner = Object.values(state.images).find((image) => image.name === name && image.state !== 'deregistered');
  if (owner) {
    throw new CloudError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${owner.id}`);
  }
  return name;
}
