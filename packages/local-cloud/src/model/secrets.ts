import type { Tags } from './tags.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface ParameterVersion {
  number: number;
  value: string;
  type: ParameterType;
  /** Only of a SecureString: the key's id or alias, as it was named. */
  keyId?: string;
  description?: string;
  allowedPattern?: string;
  dataType: string;
  tier: 'Standard' | 'Advanced';
  labels: string[];
  at: number;
}

/** A parameter of Parameter Store; its table is keyed by the name. */
export interface ParameterRecord {
  name: string;
  /** Oldest first; the last one is current. */
  versions: ParameterVersion[];
  tags: Tags;
}

export interface SecretVersion {
  id: string;
  /** What it holds: a text, or bytes in base64. */
  text?: string;
  bytes?: string;
  stages: string[];
  createdAt: number;
}

/** A secret of Secrets Manager; its table is keyed by the name. */
export interface SecretRecord {
  name: string;
  arn: string;
  description?: string;
  keyId?: string;
  type?: string;
  createdAt: number;
  changedAt: number;
  accessedAt?: number;
  /** When it goes for good; set while its deletion is scheduled. */
  deletedAt?: number;
  goneAt?: number;
  /** Oldest first. */
  versions: SecretVersion[];
  tags: Tags;
}
