import { CloudError } from '../../wire/handler.ts';
import { invalidValue } from '../errors.ts';

/** Whom a request gives leave and whom it takes it from: account ids, and `all` for everybody. */
export interface PermissionChange {
  add: string[];
  remove: string[];
}

interface Grantee {
  UserId?: string;
  Group?: string;
}

/** Either the structured change, or the older OperationType with UserIds and Groups. @throws CloudError for others. */
export function readPermissions(input: {
  change?: { Add?: Grantee[]; Remove?: Grantee[] };
  OperationType?: string;
  UserIds?: string[];
  Groups?: string[];
}): PermissionChange {
  if (input.change) return { add: granteesOf(input.change.Add), remove: granteesOf(input.change.Remove) };
  const named = granteesOf([
    ...(input.UserIds ?? []).map((UserId) => ({ UserId })),
    ...(input.Groups ?? []).map((Group) => ({ Group })),
  ]);
  if (input.OperationType === 'add') return { add: named, remove: [] };
  if (input.OperationType === 'remove') return { add: [], remove: named };
  throw invalidValue(`Value (${input.OperationType ?? ''}) for parameter operationType is invalid.`);
}

/** The permissions after a change. */
export function permitted(before: string[] | undefined, { add, remove }: PermissionChange): string[] {
  return [...new Set([...(before ?? []).filter((who) => !remove.includes(who)), ...add])];
}

function granteesOf(list: Grantee[] | undefined): string[] {
  return (list ?? []).map(({ UserId, Group }) => {
    if (Group === 'all') return 'all';
    if (UserId && /^\d{12}$/.test(UserId)) return UserId;
    throw new CloudError('InvalidAMIAttributeItemValue', `Invalid attribute item value "${UserId ?? Group}"`);
  });
}
