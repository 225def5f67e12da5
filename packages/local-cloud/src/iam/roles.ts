import type { RoleRecord } from '../model.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { alreadyExists, deleteConflict } from './errors.ts';
import { arnOf, checkName, checkPath, constraint, uniqueId } from './names.ts';
import { pageOf } from './pages.ts';
import { readPolicy } from './policy-document.ts';
import type { IamStore } from './store.ts';
import { type TagList, tagList, withoutTags, withTags } from './tags.ts';

interface RoleInput {
  RoleName: string;
  AssumeRolePolicyDocument: string;
  Path?: string;
  Description?: string;
  MaxSessionDuration?: number;
  PermissionsBoundary?: string;
  Tags?: TagList;
}
type Named = Pick<RoleInput, 'RoleName'>;
type Page = { MaxItems?: number; Marker?: string; PathPrefix?: string };

const sessionSeconds = { least: 3600, most: 43_200 };

/** Roles themselves: their trust policy, description, longest session and tags. */
export function roleHandlers(store: IamStore): HandlerTable {
  return {
    CreateRole: (input: RoleInput) => {
      const name = checkName(input.RoleName, 'roleName', 64);
      if (store.roles[name]) throw alreadyExists('Role', name);
      readPolicy(input.AssumeRolePolicyDocument);
      const role: RoleRecord = {
        id: uniqueId('AROA'),
        name,
        path: checkPath(input.Path),
        description: input.Description,
        createdAt: store.now(),
        maxSessionSeconds: checkSession(input.MaxSessionDuration),
        trustPolicy: input.AssumeRolePolicyDocument,
        policies: {},
        attached: [],
        tags: withTags({}, input.Tags),
        permissionsBoundary: input.PermissionsBoundary,
      };
      store.roles[name] = role;
      store.changed();
      return { Role: toRole(role) };
    },
    GetRole: ({ RoleName }: Named) => ({ Role: { ...toRole(store.role(RoleName)), RoleLastUsed: {} } }),
    ListRoles: (input: Page) => {
      const { items, ...page } = pageOf(under(store.roles, input.PathPrefix), input, ({ name }) => name);
      return { Roles: items.map((role) => ({ ...toRole(role), Tags: undefined })), ...page };
    },
    UpdateRole: ({ RoleName, Description, MaxSessionDuration }: RoleInput) => {
      const role = store.role(RoleName);
      if (MaxSessionDuration !== undefined) role.maxSessionSeconds = checkSession(MaxSessionDuration);
      if (Description !== undefined) role.description = Description;
      store.changed();
      return {};
    },
    UpdateAssumeRolePolicy: ({ RoleName, PolicyDocument }: Named & { PolicyDocument: string }) => {
      const role = store.role(RoleName);
      readPolicy(PolicyDocument);
      role.trustPolicy = PolicyDocument;
      store.changed();
    },
    DeleteRole: ({ RoleName }: Named) => {
      const role = store.role(RoleName);
      const used = Object.values(store.instanceProfiles).some((profile) => profile.role === RoleName);
      if (used) throw deleteConflict('remove roles from instance profile');
      if (role.attached.length > 0) throw deleteConflict('detach all policies');
      if (Object.keys(role.policies).length > 0) throw deleteConflict('delete policies');
      delete store.roles[RoleName];
      store.changed();
    },
    TagRole: ({ RoleName, Tags }: Named & { Tags: TagList }) => {
      const role = store.role(RoleName);
      role.tags = withTags(role.tags, Tags);
      store.changed();
    },
    UntagRole: ({ RoleName, TagKeys }: Named & { TagKeys: string[] }) => {
      const role = store.role(RoleName);
      role.tags = withoutTags(role.tags, TagKeys);
      store.changed();
    },
    ListRoleTags: ({ RoleName }: Named) => ({ Tags: tagList(store.role(RoleName).tags), IsTruncated: false }),
  };
}

/** A role in the SDK's shape: IAM gives policies URL-encoded. */
export function toRole(role: RoleRecord) {
  const boundary = role.permissionsBoundary;
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: arnOf('role', role),
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trustPolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
    PermissionsBoundary: boundary && {
      PermissionsBoundaryType: 'PermissionsBoundaryPolicy',
      PermissionsBoundaryArn: boundary,
    },
    Tags: tagList(role.tags),
  };
}

/** Those whose path begins so. */
export function under<Row extends { path: string }>(rows: Record<string, Row>, prefix = '/'): Row[] {
  return Object.values(rows).filter(({ path }) => path.startsWith(prefix));
}

function checkSession(seconds: number = sessionSeconds.least): number {
  if (seconds >= sessionSeconds.least && seconds <= sessionSeconds.most) return seconds;
  const { least, most } = sessionSeconds;
  throw constraint(String(seconds), 'maxSessionDuration', `Member must have value between ${least} and ${most}`);
}
