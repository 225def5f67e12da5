import type { LaunchPermission } from '@aws-sdk/client-ec2';
import { CloudError } from '../../wire/handler.ts';
import { invalidValue } from '../errors.ts';

/** Whom a request gives leave and whom it takes it from: account ids, ARNs of organizations and their units, `all` for everybody. */
export interface PermissionChange {
  add: string[];
  remove: string[];
}

const organization = /^arn:[\w-]+:organizations::\d{12}:organization\/o-[a-z0-9]{10,32}$/;
const organizationalUnit = /^arn:[\w-]+:organizations::\d{12}:ou\/o-[a-z0-9]{10,32}\/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$/;

/** Either the structured change, or the older OperationType with lists of each kind. @throws CloudError for others. */
export function readPermissions(input: {
  change?: { Add?: LaunchPermission[]; Remove?: LaunchPermission[] };
  OperationType?: string;
  UserIds?: string[];
  Groups?: string[];
  OrganizationArns?: string[];
  OrganizationalUnitArns?: string[];
}): PermissionChange {
  if (input.change) return { add: granteesOf(input.change.Add), remove: granteesOf(input.change.Remove) };
  const named = granteesOf([
    ...(input.UserIds ?? []).map((UserId) => ({ UserId })),
    ...(input.Groups ?? []).map((Group) => ({ Group: Group as LaunchPermission['Group'] })),
    ...(input.OrganizationArns ?? []).map((OrganizationArn) => ({ OrganizationArn })),
    ...(input.OrganizationalUnitArns ?? []).map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ]);
  if (input.OperationType === 'add') return { add: named, remove: [] };
  if (input.OperationType === 'remove') return { add: [], remove: named };
  throw invalidValue(`Value (${input.OperationType ?? ''}) for parameter operationType is invalid.`);
}

/** The permissions after a change. */
export function permitted(before: string[] | undefined, { add, remove }: PermissionChange): string[] {
  return [...new Set([...(before ?? []).filter((who) => !remove.includes(who)), ...add])];
}

/** Permissions in the SDK's shape: to launch an image, or to make volumes of a snapshot. */
export function toPermissions(granted: string[] = []): LaunchPermission[] {
  return granted.map((who) => {
    if (who === 'all') return { Group: 'all' };
    if (organization.test(who)) return { OrganizationArn: who };
    return organizationalUnit.test(who) ? { OrganizationalUnitArn: who } : { UserId: who };
  });
}

function granteesOf(list: LaunchPermission[] | undefined): string[] {
  return (list ?? []).map(({ UserId, Group, OrganizationArn, OrganizationalUnitArn }) => {
    if (Group === 'all') return 'all';
    if (UserId && /^\d{12}$/.test(UserId)) return UserId;
    if (OrganizationArn && organization.test(OrganizationArn)) return OrganizationArn;
    if (OrganizationalUnitArn && organizationalUnit.test(OrganizationalUnitArn)) return OrganizationalUnitArn;
    const value = UserId ?? Group ?? OrganizationArn ?? OrganizationalUnitArn;
    throw new CloudError('InvalidAMIAttributeItemValue', `Invalid attribute item value "${value}"`);
  });
}
