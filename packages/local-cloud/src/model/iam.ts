import type { Tags } from './tags.ts';

export interface RoleRecord {
  /** `AROA...`: another one when a role of the same name is made anew. */
  id: string;
  name: string;
  path: string;
  description?: string;
  createdAt: number;
  /** Longest time of temporary credentials that AssumeRole gives, in seconds. */
  maxSessionSeconds: number;
  /** The trust policy, as JSON text. */
  trustPolicy: string;
  /** Inline policies by name, as JSON text. */
  policies: Record<string, string>;
  /** ARNs of managed policies. */
  attached: string[];
  tags: Tags;
  permissionsBoundary?: string;
}

export interface InstanceProfileRecord {
  /** `AIPA...` */
  id: string;
  name: string;
  path: string;
  createdAt: number;
  /** Name of its one role. */
  role?: string;
  tags: Tags;
}

/** A policy of the customer's own, in its one version. */
export interface ManagedPolicyRecord {
  /** `ANPA...` */
  id: string;
  name: string;
  path: string;
  description?: string;
  createdAt: number;
  /** JSON text. */
  document: string;
  tags: Tags;
}

/** IAM is the account's, not a region's: it is kept with the home region's records. Tables by name, policies by ARN. */
export interface IamState {
  roles: Record<string, RoleRecord>;
  instanceProfiles: Record<string, InstanceProfileRecord>;
  policies: Record<string, ManagedPolicyRecord>;
}
