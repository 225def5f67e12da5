import { createHash } from 'node:crypto';
import type { Parameter, ParameterHistory, ParameterMetadata } from '@aws-sdk/client-ssm';
import type { ParameterRecord, ParameterVersion } from '../model.ts';
import { account } from '../settings.ts';
import { arnOf } from './names.ts';

/** How a value is read. */
export interface Reading {
  region: string;
  /** WithDecryption. */
  decrypted?: boolean;
  /** As it was requested, where that is more than the name. */
  selector?: string;
}

export function toParameter({ name }: ParameterRecord, version: ParameterVersion, reading: Reading): Parameter {
  return {
    Name: name,
    Type: version.type,
    Value: shownValue(name, version, reading.decrypted),
    Version: version.number,
    Selector: reading.selector || undefined,
    LastModifiedDate: new Date(version.at),
    ARN: arnOf(name, reading.region),
    DataType: version.dataType,
  };
}

export function toMetadata({ name }: ParameterRecord, version: ParameterVersion, region: string): ParameterMetadata {
  return {
    Name: name,
    ARN: arnOf(name, region),
    ...common(version),
    Version: version.number,
  };
}

export function toHistory({ name }: ParameterRecord, version: ParameterVersion, reading: Reading): ParameterHistory {
  return {
    Name: name,
    ...common(version),
    Value: shownValue(name, version, reading.decrypted),
    Version: version.number,
    Labels: version.labels,
  };
}

function common(version: ParameterVersion) {
  return {
    Type: version.type,
    KeyId: version.keyId,
    LastModifiedDate: new Date(version.at),
    LastModifiedUser: `arn:aws:iam::${account.id}:root`,
    Description: version.description,
    AllowedPattern: version.allowedPattern,
    Tier: version.tier,
    Policies: [],
    DataType: version.dataType,
  };
}

/** What stands for a secret that is not to be decrypted looks like a ciphertext, and has nothing of the secret in it. */
function shownValue(name: string, { type, value, number, at }: ParameterVersion, decrypted = false): string {
  if (type !== 'SecureString' || decrypted) return value;
  const noise = createHash('sha512').update(`${name}:${number}:${at}`).digest('base64');
  return `AQICAH${noise}`;
}
