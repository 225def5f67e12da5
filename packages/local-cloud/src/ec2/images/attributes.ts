import type {
  DescribeImageAttributeRequest,
  DisableImageDeprecationRequest,
  DisableImageDeprecationResult,
  DisableImageRequest,
  DisableImageResult,
  EnableImageDeprecationRequest,
  EnableImageDeprecationResult,
  EnableImageRequest,
  EnableImageResult,
  ImageAttribute,
  ModifyImageAttributeRequest,
  ResetImageAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { ImageRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, required, unsupported } from '../errors.ts';
import { findImage } from './lookup.ts';
import { type PermissionChange, permitted, readPermissions, toPermissions } from './permissions.ts';
import { protectionOf, toImage } from './shape.ts';

/** Permissions, description, deprecation, and the switch that keeps an image from being launched. */
export function imageAttributeHandlers(context: CloudContext): HandlerTable {
  const { state, clock } = context;
  const change = (imageId: string | undefined, apply: (image: ImageRecord) => void): { Return: true } => {
    apply(findImage(state, imageId));
    context.changed();
    return { Return: true };
  };
  return {
    ModifyImageAttribute: (input: ModifyImageAttributeRequest): void => {
      const description =
        input.Description?.Value ?? (input.Attribute === 'description' ? (input.Value ?? '') : undefined);
      if (input.ImdsSupport || input.ProductCodes?.length)
        throw unsupported('ImdsSupport and ProductCodes cannot be changed in this cloud');
      const permissions = readImagePermissions(input);
      if (description === undefined && !permissions) throw invalidCombination('No attributes specified.');
      change(input.ImageId, (image) => {
        if (description !== undefined) image.description = description || undefined;
        if (permissions) image.launchPermissions = permitted(image.launchPermissions, permissions);
      });
    },
    DescribeImageAttribute: (input: DescribeImageAttributeRequest): ImageAttribute => {
      const image = findImage(state, input.ImageId);
      const attribute: string = required(input.Attribute, 'Attribute');
      if (attribute === 'launchPermission')
        return { ImageId: image.id, LaunchPermissions: toPermissions(image.launchPermissions) };
      if (attribute === 'description') return { ImageId: image.id, Description: { Value: image.description ?? '' } };
      if (attribute === 'blockDeviceMapping') {
        return { ImageId: image.id, BlockDeviceMappings: toImage(state, image, clock.now()).BlockDeviceMappings };
      }
      if (attribute === 'deregistrationProtection') {
        return { ImageId: image.id, DeregistrationProtection: { Value: protectionOf(image, clock.now()) } };
      }
      // AWS tells of launches a day late; here nobody waits that long.
      if (attribute === 'lastLaunchedTime') return { ImageId: image.id, LastLaunchedTime: {} };
      if (attribute === 'productCodes') return { ImageId: image.id, ProductCodes: [] };
      if (attribute === 'kernel') return { ImageId: image.id, KernelId: {} };
      if (attribute === 'ramdisk') return { ImageId: image.id, RamdiskId: {} };
      throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
    },
    /** Removes every permission; there is no other attribute that can be reset, as in EC2. */
    ResetImageAttribute: (input: ResetImageAttributeRequest): void => {
      const attribute: string = required(input.Attribute, 'Attribute');
      if (attribute !== 'launchPermission')
        throw invalidValue(`Value (${attribute}) for parameter attribute is invalid.`);
      change(input.ImageId, (image) => {
        image.launchPermissions = [];
      });
    },
    DisableImage: (input: DisableImageRequest): DisableImageResult =>
      change(input.ImageId, (image) => {
        if (image.state !== 'available' && image.state !== 'disabled') throw wrongState(image, 'disabled');
        image.state = 'disabled';
        // Enabling gives none of them back, as in EC2.
        image.launchPermissions = [];
      }),
    EnableImage: (input: EnableImageRequest): EnableImageResult =>
      change(input.ImageId, (image) => {
        if (image.state !== 'available' && image.state !== 'disabled') throw wrongState(image, 'enabled');
        image.state = 'available';
      }),
    EnableImageDeprecation: (input: EnableImageDeprecationRequest): EnableImageDeprecationResult => {
      const at = required(input.DeprecateAt, 'DeprecateAt').getTime();
      if (Number.isNaN(at) || at < clock.now()) throw invalidValue('The deprecation date must be in the future');
      return change(input.ImageId, (image) => {
        image.deprecationTime = at;
      });
    },
    DisableImageDeprecation: (input: DisableImageDeprecationRequest): DisableImageDeprecationResult =>
      change(input.ImageId, (image) => {
        image.deprecationTime = undefined;
      }),
  };
}

function wrongState(image: ImageRecord, verb: string): CloudError {
  return new CloudError(
    'InvalidAMIID.Unavailable',
    `The image ID '${image.id}' cannot be ${verb}: its state is ${image.state}`,
  );
}

/** Either LaunchPermission's Add and Remove, or the older OperationType with lists. */
function readImagePermissions(input: ModifyImageAttributeRequest): PermissionChange | undefined {
  if (!input.LaunchPermission && input.Attribute !== 'launchPermission' && !input.OperationType) return undefined;
  const { LaunchPermission: change, UserGroups: Groups, ...older } = input;
  return readPermissions({ change, Groups, ...older });
}
