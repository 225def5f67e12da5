import type { Tags } from './tags.ts';

export interface LaunchTemplateVersion {
  number: number;
  description?: string;
  createdAt: number;
  /** RequestLaunchTemplateData of the SDK, as plain data. */
  data: Record<string, unknown>;
}

export interface LaunchTemplateRecord {
  id: string;
  name: string;
  createdAt: number;
  defaultVersion: number;
  latestVersion: number;
  versions: LaunchTemplateVersion[];
  tags: Tags;
  /** Client tokens seen, each with the version it made. */
  tokens: Record<string, number>;
  /** Client tokens seen, each with the digest of its request. */
  tokenDigests?: Record<string, string>;
  /** The number of the next version: numbers of deleted versions are not used again. */
  nextVersion?: number;
}
