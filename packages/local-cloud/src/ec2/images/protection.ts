import type {
  DisableImageDeregistrationProtectionRequest,
  DisableImageDeregistrationProtectionResult,
  EnableImageDeregistrationProtectionRequest,
  EnableImageDeregistrationProtectionResult,
  ListImagesInRecycleBinRequest,
  ListImagesInRecycleBinResult,
  RestoreImageFromRecycleBinRequest,
  RestoreImageFromRecycleBinResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { isId } from '../../ids.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue, required } from '../errors.ts';
import { paginate } from '../pagination.ts';
import { findImage } from './lookup.ts';
import { protectionOf } from './shape.ts';

/** How long a protection with cooldown holds after it has been switched off: 24 hours, as EC2 documents it. */
const cooldownMs = 24 * 3600_000;

/** ListImagesInRecycleBin takes so many ids, as EC2 documents it. */
const maxListed = 20;

/** Protection against deregistration, and the recycle bin: without retention rules, which only AWS has, it is always empty. */
export function protectionHandlers(context: CloudContext): HandlerTable {
  const { state, clock } = context;
  return {
    EnableImageDeregistrationProtection: (
      input: EnableImageDeregistrationProtectionRequest,
    ): EnableImageDeregistrationProtectionResult => {
      findImage(state, input.ImageId).protection = { withCooldown: input.WithCooldown ?? false };
      context.changed();
      return { Return: 'true' };
    },
    DisableImageDeregistrationProtection: (
      input: DisableImageDeregistrationProtectionRequest,
    ): DisableImageDeregistrationProtectionResult => {
      const image = findImage(state, input.ImageId);
      if (protectionOf(image, clock.now()) !== 'enabled-with-cooldown') image.protection = undefined;
      // Switched off once more, it does not begin anew.
      else image.protection = { withCooldown: true, until: image.protection?.until ?? clock.now() + cooldownMs };
      context.changed();
      return { Return: 'true' };
    },
    ListImagesInRecycleBin: (input: ListImagesInRecycleBinRequest): ListImagesInRecycleBinResult => {
      const asked = input.ImageIds ?? [];
      if (asked.length > maxListed) throw invalidValue(`At most ${maxListed} image IDs can be listed at once`);
      for (const id of asked) throw notInBin(id);
      const { items, nextToken } = paginate<never>([], input, { min: 5, max: 1000 }, () => '');
      return { Images: items, NextToken: nextToken };
    },
    RestoreImageFromRecycleBin: (input: RestoreImageFromRecycleBinRequest): RestoreImageFromRecycleBinResult => {
      throw notInBin(required(input.ImageId, 'ImageId'));
    },
  };
}

function notInBin(id: string): CloudError {
  if (!isId('ami', id)) return new CloudError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
  return new CloudError('InvalidAMIID.NotFound', `The image ID '${id}' does not exist in the Recycle Bin`);
}
