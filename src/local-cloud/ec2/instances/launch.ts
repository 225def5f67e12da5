import type { CloudContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { InstanceRecord } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { launchableImage } from '../images/lookup.ts';
import type { LaunchPlan } from './launch-request.ts';
import type { InstanceLifecycle } from './lifecycle.ts';

/** Makes the records of a planned launch and begins their boot. The instances are `pending` when it returns. */
export function launch(context: CloudContext, lifecycle: InstanceLifecycle, plan: LaunchPlan): InstanceRecord[] {
  const { state, clock } = context;
  const { dataId: imageDataId } = launchableImage(state, plan.imageId);
  const publicKey = plan.keyName && publicKeyOf(context, plan.keyName);
  context.faults?.checkCapacity(plan);
  const addresses = takeAddresses(context, plan.minCount, plan.maxCount);
  const reservationId = newId('r');
  const records = addresses.map((address, launchIndex): InstanceRecord => {
    const { minCount: _min, maxCount: _max, ...chosen } = plan;
    return {
      ...structuredClone(chosen),
      id: newId('i'),
      state: 'pending',
      address,
      imageDataId,
      vpcId: context.region.vpcId,
      launchTime: clock.now(),
      volumeId: newId('vol'),
      reservationId,
      launchIndex,
      publicKey,
    };
  });
  for (const record of records) state.instances[record.id] = record;
  for (const record of records) {
    lifecycle.states.set(record, 'pending');
    lifecycle.bringUp(record).catch((error) => context.report(error));
  }
  return records;
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
      const why = error instanceof Error ? error.message : String(error);
      throw new CloudError('InsufficientFreeAddressesInSubnet', `There are not enough free addresses: ${why}`);
    }
  }
  return taken;
}
