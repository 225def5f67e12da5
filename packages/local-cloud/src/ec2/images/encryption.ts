import type { Region } from '../../regions.ts';
import { account } from '../../settings.ts';
import { CloudError } from '../../wire/handler.ts';

/** How a copy is to be encrypted. There are no keys here and nothing is really encrypted: what was requested is kept and shown. */
export function readEncryption(
  region: Region,
  input: { Encrypted?: boolean; KmsKeyId?: string },
  source: { encrypted?: boolean },
): { encrypted?: boolean; kmsKeyId?: string } {
  const key = input.KmsKeyId || undefined;
  if (key && input.Encrypted !== true) {
    throw new CloudError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  // A copy of something encrypted is encrypted, whatever the request says.
  if (!input.Encrypted && !source.encrypted) return {};
  return { encrypted: true, kmsKeyId: keyArn(region, key ?? 'alias/aws/ebs') };
}

/** Keys may be named by id, alias or ARN; EC2 shows ARNs. */
function keyArn(region: Region, key: string): string {
  if (key.startsWith('arn:')) return key;
  return `arn:aws:kms:${region.name}:${account.id}:${key.startsWith('alias/') ? key : `key/${key}`}`;
}
