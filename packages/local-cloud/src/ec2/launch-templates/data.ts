import type {
  InstanceMetadataOptionsRequest,
  RequestLaunchTemplateData,
  ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { InstanceRecord } from '../../model.ts';
import { invalidValue } from '../errors.ts';
import { checkUserData, instanceType } from '../instances/launch-request.ts';
import { checkMetadataOptions } from '../instances/metadata-options.ts';
import { tagList, tagsFor } from '../tag-shapes.ts';

/**
 * What a template version will hold: checked, and without what was not said. Whether image, key and groups exist is only
 * asked at a launch, as in EC2: a template may name what comes later.
 */
export function checkData(data: RequestLaunchTemplateData | undefined): Record<string, unknown> {
  const said = plain(data ?? {}) as RequestLaunchTemplateData;
  if (said.ImageId && !/^(ami-|resolve:ssm:)/.test(said.ImageId))
    throw invalidValue(`Invalid id: "${said.ImageId}" (expecting "ami-...")`);
  if (said.InstanceType) instanceType(said.InstanceType);
  if (said.MetadataOptions) checkMetadataOptions(said.MetadataOptions as InstanceMetadataOptionsRequest);
  if (said.UserData) said.UserData = checkUserData(said.UserData);
  for (const { ResourceType: type } of said.TagSpecifications ?? []) {
    tagsFor(said.TagSpecifications, type ?? 'instance', [...taggable]);
  }
  return said as Record<string, unknown>;
}

const taggable = ['instance', 'volume', 'network-interface', 'spot-instances-request', 'elastic-gpu'] as const;

/** A new version's data: each field of the request replaces the source version's field as a whole. */
export function mergeData(source: Record<string, unknown>, changes: Record<string, unknown>): Record<string, unknown> {
  return { ...structuredClone(source), ...changes };
}

/** Request and response shapes have the same fields; the one time among them is kept as text. */
export function toResponse(data: Record<string, unknown>): ResponseLaunchTemplateData {
  const response = structuredClone(data) as ResponseLaunchTemplateData;
  const spot = response.InstanceMarketOptions?.SpotOptions;
  if (spot?.ValidUntil !== undefined) spot.ValidUntil = new Date(spot.ValidUntil);
  return response;
}

/** A template that would launch an instance like this one. */
export function dataOfInstance(record: InstanceRecord): ResponseLaunchTemplateData {
  const specification = (ResourceType: 'instance' | 'volume', tags: Record<string, string>) => {
    const own = Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:')));
    return Object.keys(own).length > 0 ? [{ ResourceType, Tags: tagList(own) }] : [];
  };
  return {
    ImageId: record.imageId,
    InstanceType: record.instanceType as ResponseLaunchTemplateData['InstanceType'],
    KeyName: record.keyName,
    UserData: record.userData,
    SecurityGroupIds: [...record.securityGroupIds],
    DisableApiTermination: record.disableApiTermination ?? false,
    InstanceInitiatedShutdownBehavior: record.shutdownBehavior ?? 'stop',
    ...templateOptions(record),
    IamInstanceProfile: record.iamInstanceProfile ? { Arn: record.iamInstanceProfile } : undefined,
    TagSpecifications: [...specification('instance', record.tags), ...specification('volume', record.volumeTags ?? {})],
  };
}

/** What its launch asked for; what it did not ask for is left to the next launch as well. */
function templateOptions({ options = {}, availabilityZone }: InstanceRecord): ResponseLaunchTemplateData {
  const { cpu, cpuCredits, enclave, monitoring, tenancy } = options;
  return {
    Placement: { AvailabilityZone: availabilityZone, Tenancy: tenancy },
    EbsOptimized: options.ebsOptimized,
    Monitoring: monitoring === undefined ? undefined : { Enabled: monitoring },
    CpuOptions: cpu && { CoreCount: cpu.cores, ThreadsPerCore: cpu.threads },
    CreditSpecification: cpuCredits && { CpuCredits: cpuCredits },
    EnclaveOptions: enclave === undefined ? undefined : { Enabled: enclave },
    DisableApiStop: options.disableApiStop,
  };
}

/** Plain data without fields that say nothing (`undefined`, empty texts), so that they do not override a source version's. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(
    ([key, v]) => v !== undefined && (v !== '' || key === 'Value' || key === 'NoDevice'),
  );
  return Object.fromEntries(said.map(([key, v]) => [key, plain(v)]));
}
