import type { InstanceMetadataOptionsRequest } from '@aws-sdk/client-ec2';
import { invalidValue } from '../errors.ts';

const choices: Partial<Record<keyof InstanceMetadataOptionsRequest, string[]>> = {
  HttpTokens: ['optional', 'required'],
  HttpEndpoint: ['enabled', 'disabled'],
  HttpProtocolIpv6: ['enabled', 'disabled'],
  InstanceMetadataTags: ['enabled', 'disabled'],
};

/**
 * Options of the metadata service as a request says them, without what it leaves out.
 * @throws CloudError `InvalidParameterValue` for values that EC2 does not have
 */
export function checkMetadataOptions(options: InstanceMetadataOptionsRequest): Record<string, unknown> {
  const said = Object.entries(options).filter(([, value]) => value !== undefined && value !== '');
  for (const [name, value] of said) {
    const known = choices[name as keyof typeof choices];
    if (known && !known.includes(String(value))) throw invalidValue(`Invalid value '${value}' for ${name}.`);
  }
  const hops = options.HttpPutResponseHopLimit;
  if (hops !== undefined && (!Number.isInteger(hops) || hops < 1 || hops > 64)) {
    throw invalidValue(`Value (${hops}) for parameter httpPutResponseHopLimit is invalid: from 1 to 64`);
  }
  return Object.fromEntries(said);
}
