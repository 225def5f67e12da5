import type { ManagedPolicyRecord } from '../model.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import { arnOf, checkName, checkPath, uniqueId } from './names.ts';
import { pageOf } from './pages.ts';
import { readPolicy } from './policy-document.ts';
import { under } from './roles.ts';
import type { IamStore } from './store.ts';
import { type TagList, tagList, withTags } from './tags.ts';

type Named = { RoleName: string };
type Inline = Named & { PolicyName: string };
type Attachment = Named & { PolicyArn: string };
type Page = { MaxItems?: number; Marker?: string; PathPrefix?: string };

/** Managed policies of a role at most (AWS's default quota). */
const mostAttached = 10;
/** Characters of all inline policies of a role, blanks not counted. */
const mostInline = 10_240;

/** Policies of roles: inline ones, and managed ones, AWS's own or the customer's. */
export function policyHandlers(store: IamStore): HandlerTable {
  const attachable = (arn: string) => {
    if (!/^arn:aws:iam::aws:policy\/[\w+=,.@/-]+$/.test(arn)) store.policy(arn);
    return arn;
  };
  return {
    PutRolePolicy: ({ RoleName, PolicyName, PolicyDocument }: Inline & { PolicyDocument: string }) => {
      const role = store.role(RoleName);
      checkName(PolicyName, 'policyName', 128);
      readPolicy(PolicyDocument);
      const policies = { ...role.policies, [PolicyName]: PolicyDocument };
      const size = Object.values(policies).join('').replace(/\s+/g, '').length;
      if (size > mostInline) throw limitExceeded('InlinePolicySize', mostInline);
      role.policies = policies;
      store.changed();
    },
    GetRolePolicy: ({ RoleName, PolicyName }: Inline) => {
      const { policies } = store.role(RoleName);
      const document = Object.hasOwn(policies, PolicyName) ? policies[PolicyName] : undefined;
      if (document === undefined) throw noSuchEntity(`The role policy with name ${PolicyName} cannot be found.`);
      return { RoleName, PolicyName, PolicyDocument: encodeURIComponent(document) };
    },
    ListRolePolicies: (input: Named & Page) => {
      const { items, ...page } = pageOf(Object.keys(store.role(input.RoleName).policies), input, (name) => name);
      return { PolicyNames: items, ...page };
    },
    DeleteRolePolicy: ({ RoleName, PolicyName }: Inline) => {
      const role = store.role(RoleName);
      if (!Object.hasOwn(role.policies, PolicyName)) {
        throw noSuchEntity(`The role policy with name ${PolicyName} cannot be found.`);
      }
      delete role.policies[PolicyName];
      store.changed();
    },
    AttachRolePolicy: ({ RoleName, PolicyArn }: Attachment) => {
      const role = store.role(RoleName);
      const attached = [...new Set([...role.attached, attachable(PolicyArn)])];
      if (attached.length > mostAttached) throw limitExceeded('PoliciesPerRole', mostAttached);
      role.attached = attached;
      store.changed();
    },
    DetachRolePolicy: ({ RoleName, PolicyArn }: Attachment) => {
      const role = store.role(RoleName);
      if (!role.attached.includes(PolicyArn)) throw noSuchEntity(`Policy ${PolicyArn} was not found.`);
      role.attached = role.attached.filter((arn) => arn !== PolicyArn);
      store.changed();
    },
    ListAttachedRolePolicies: (input: Named & Page) => {
      const { items, ...page } = pageOf(store.role(input.RoleName).attached, input, (arn) => arn);
      const name = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);
      return { AttachedPolicies: items.map((arn) => ({ PolicyName: name(arn), PolicyArn: arn })), ...page };
    },
    ...managedPolicyHandlers(store),
  };
}

interface PolicyInput {
  PolicyName: string;
  PolicyDocument: string;
  Path?: string;
  Description?: string;
  Tags?: TagList;
}

/** The customer's own managed policies, each in one version. */
function managedPolicyHandlers(store: IamStore): HandlerTable {
  const users = (arn: string) => Object.values(store.roles).filter(({ attached }) => attached.includes(arn)).length;
  const shape = (policy: ManagedPolicyRecord) => ({
    ...toPolicy(policy),
    AttachmentCount: users(arnOf('policy', policy)),
  });
  const version = (policy: ManagedPolicyRecord) => ({
    VersionId: 'v1',
    IsDefaultVersion: true,
    CreateDate: new Date(policy.createdAt),
  });
  return {
    CreatePolicy: (input: PolicyInput) => {
      const name = checkName(input.PolicyName, 'policyName', 128);
      readPolicy(input.PolicyDocument);
      const path = checkPath(input.Path);
      const arn = arnOf('policy', { path, name });
      const taken = Object.values(store.policies).some((one) => one.name === name);
      if (taken) throw alreadyExists('A policy called', name);
      const policy: ManagedPolicyRecord = {
        ...{ id: uniqueId('ANPA'), name, path, description: input.Description, createdAt: store.now() },
        ...{ document: input.PolicyDocument, tags: withTags({}, input.Tags) },
      };
      store.policies[arn] = policy;
      store.changed();
      return { Policy: shape(policy) };
    },
    GetPolicy: ({ PolicyArn }: { PolicyArn: string }) => ({ Policy: shape(store.policy(PolicyArn)) }),
    GetPolicyVersion: ({ PolicyArn, VersionId }: { PolicyArn: string; VersionId: string }) => {
      const policy = store.policy(PolicyArn);
      if (VersionId !== 'v1') throw noSuchEntity(`Policy ${PolicyArn} version ${VersionId} does not exist.`);
      return { PolicyVersion: { Document: encodeURIComponent(policy.document), ...version(policy) } };
    },
    ListPolicyVersions: ({ PolicyArn }: { PolicyArn: string }) => ({
      Versions: [version(store.policy(PolicyArn))],
      IsTruncated: false,
    }),
    ListPolicies: (input: Page & { Scope?: string; OnlyAttached?: boolean }) => {
      const all = input.Scope === 'AWS' ? [] : under(store.policies, input.PathPrefix);
      const kept = input.OnlyAttached ? all.filter((one) => users(arnOf('policy', one)) > 0) : all;
      const { items, ...page } = pageOf(kept, input, ({ name }) => name);
      return { Policies: items.map((one) => ({ ...shape(one), Tags: undefined })), ...page };
    },
    DeletePolicy: ({ PolicyArn }: { PolicyArn: string }) => {
      store.policy(PolicyArn);
      if (users(PolicyArn) > 0) throw deleteConflict('detach policy from all entities');
      delete store.policies[PolicyArn];
      store.changed();
    },
  };
}

function toPolicy(policy: ManagedPolicyRecord) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: arnOf('policy', policy),
    Path: policy.path,
    DefaultVersionId: 'v1',
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.createdAt),
    Tags: tagList(policy.tags),
  };
}
