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
  LaunchPermission,
  ModifyImageAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { ImageRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, required } from '../errors.ts';
import { findImage } from './lookup.ts';
import { toImage, toPermissions } from './shape.ts';

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
      const permissions = readPermissions(input);
      if (description === undefined && !permissions) throw invalidCombination('No attributes specified.');
      change(input.ImageId, (image) => {
        if (description !== undefined) image.description = description || undefined;
        if (!permissions) return;
        const kept = (image.launchPermissions ?? []).filter((who) => !permissions.remove.includes(who));
        image.launchPermissions = [...new Set([...kept, ...permissions.add])];
      });
    },
    DescribeImageAttribute: (input: DescribeImageAttributeRequest): ImageAttribute => {
      const image = findImage(state, input.ImageId);
      const attribute: string = required(input.Attribute, 'Attribute');
      if (attribute === 'launchPermission') return { ImageId: image.id, LaunchPermissions: toPermissions(image) };
      if (attribute === 'description') return { ImageId: image.id, Description: { Value: image.description ?? '' } };
      if (attribute === 'blockDeviceMapping') {
        return { ImageId: image.id, BlockDeviceMappings: toImage(image).BlockDeviceMappings };
      }
      throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
    },
    DisableImage: (input: DisableImageRequest): DisableImageResult =>
      change(input.ImageId, (image) => {
        if (image.state !== 'available' && image.state !== 'disabled') throw wrongState(image, 'disabled');
        image.state = 'disabled';
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

/** Either LaunchPermission's Add and Remove, or the older OperationType with UserIds and UserGroups. */
function readPermissions(input: ModifyImageAttributeRequest): { add: string[]; remove: string[] } | undefined {
  const ids = (list: LaunchPermission[] | undefined): string[] => (list ?? []).map(grantee);
  if (input.LaunchPermission)
    return { add: ids(input.LaunchPermission.Add), remove: ids(input.LaunchPermission.Remove) };
  if (input.Attribute !== 'launchPermission' && !input.OperationType) return undefined;
  const named = [
    ...(input.UserIds ?? []).map((UserId) => grantee({ UserId })),
    ...(input.UserGroups ?? []).map((Group) => grantee({ Group: Group as 'all' })),
  ];
  if (input.OperationType === 'add') return { add: named, remove: [] };
  if (input.OperationType === 'remove') return { add: [], remove: named };
  throw invalidValue(`Value (${input.OperationType ?? ''}) for parameter operationType is invalid.`);
}

function grantee(permission: LaunchPermission): string {
  if (permission.Group === 'all') return 'all';
  if (permission.UserId && /^\d{12}$/.test(permission.UserId)) return permission.UserId;
  throw new CloudError(
    'InvalidAMIAttributeItemValue',
    `Invalid attribute item value "${permission.UserId ?? permission.Group}"`,
  );
}
