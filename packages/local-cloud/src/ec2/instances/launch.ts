import { messageOf } from '@golden-pipeline/shared/errors';
import type { CloudContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { InstanceRecord, VolumeRecord } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { launchableImage } from '../images/lookup.ts';
import { type Device, readDevices } from '../volumes/devices.ts';
import { addVolume } from '../volumes/table.ts';
import type { LaunchPlan } from './launch-request.ts';
import type { InstanceLifecycle } from './lifecycle.ts';

/**
 * Instances of a region that are not terminated: enough for two fleets of 350 that are replaced at once, and few enough that a
 * slip in a number does not fill the host. AWS counts vCPUs of what runs.
 */
export const maximumInstances = 2000;

/** Makes the records of a planned launch and begins their boot. The instances are `pending` when it returns. */
export function launch(context: CloudContext, lifecycle: InstanceLifecycle, plan: LaunchPlan): InstanceRecord[] {
  const { state, clock } = context;
  const image = launchableImage(state, plan.imageId);
  const { root, others } = readDevices(state, context.region, plan.blockDeviceMappings, image);
  const publicKey = plan.keyName && publicKeyOf(context, plan.keyName);
  context.faults?.checkCapacity(plan);
  const room = roomFor(context, plan.minCount);
  const addresses = takeAddresses(context, plan.minCount, Math.min(plan.maxCount, room));
  const reservationId = newId('r');
  const records = addresses.map((address, launchIndex): InstanceRecord => {
    const { minCount: _min, maxCount: _max, blockDeviceMappings: _mappings, ...chosen } = plan;
    return {
      ...structuredClone(chosen),
      id: newId('i'),
      state: 'pending',
      address,
      imageDataId: image.dataId,
      launchTime: clock.now(),
      volumeId: newId('vol'),
      root: { ...root },
      reservationId,
      launchIndex,
      publicKey,
    };
  });
  for (const record of records) {
    state.instances[record.id] = record;
    for (const device of others) addVolume(state, volumeOf(device, record));
  }
  for (const record of records) {
    lifecycle.states.set(record, 'pending');
    lifecycle.bringUp(record).catch((error) => context.report(error));
  }
  return records;
}

function volumeOf({ device, deleteOnTermination, ...settings }: Device, instance: InstanceRecord): VolumeRecord {
  const { id: instanceId, launchTime: at, availabilityZone: zone, volumeTags } = instance;
  const attachment = { instanceId, device, at, deleteOnTermination };
  return { id: newId('vol'), zone, createdAt: at, ...settings, tags: { ...volumeTags }, attachment };
}

/** How many instances there may be more; refuses when that is less than `wanted`. */
function roomFor({ state }: CloudContext, wanted: number): number {
  const live = Object.values(state.instances).filter((one) => one.state !== 'terminated').length;
  const room = Math.max(0, maximumInstances - live);
  if (wanted <= room) return room;
  throw new CloudError(
    'InstanceLimitExceeded',
    `You have requested more instances (${live + wanted}) than your current instance limit of ${maximumInstances} allows for the specified instance type.`,
  );
}

function publicKeyOf(context: CloudContext, name: string): string {
  const pair = Object.values(context.state.keyPairs).find((one) => one.name === name);
  if (!pair) throw new CloudError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
  return pair.publicKey;
}

/** As many addresses as there are, up to `max`; with fewer than `min` none is taken. */
function takeAddresses(context: CloudContext, min: number, max: number): string[] {
  const taken: string[] = [];
  try {
    while (taken.length < max) taken.push(context.takeAddress());
  } catch (error) {
    if (taken.length < min) {
      for (const address of taken) context.releaseAddress(address);
      const why = messageOf(error);
      throw new CloudError('InsufficientFreeAddressesInSubnet', `There are not enough free addresses: ${why}`);
    }
  }
  return taken;
}
