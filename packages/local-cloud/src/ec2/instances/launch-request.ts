import type {
  BlockDeviceMapping,
  InstanceMetadataOptionsRequest,
  RequestLaunchTemplateData,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { requestDigest } from '../../ids.ts';
import type { CloudState, InstanceOptions, Tags } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { invalidValue, missing, required } from '../errors.ts';
import { findTemplate, findVersion } from '../launch-templates/lookup.ts';
import { tagsFor } from '../tag-shapes.ts';
import type { LaunchData } from './launch-data.ts';
import { type LaunchNetwork, launchNetwork } from './launch-network.ts';
import { launchOptions } from './launch-options.ts';
import { checkMetadataOptions } from './metadata-options.ts';
import { profileOf } from './profiles.ts';

/** A launch with everything decided: the request over its launch template over EC2's defaults. */
export interface LaunchPlan extends LaunchNetwork {
  minCount: number;
  maxCount: number;
  imageId: string;
  instanceType: string;
  keyName?: string;
  userData?: string;
  launchTemplate?: { id: string; version: number };
  tags: Tags;
  volumeTags: Tags;
  disableApiTermination?: boolean;
  iamInstanceProfile?: string;
  iamInstanceProfileId?: string;
  blockDeviceMappings?: BlockDeviceMapping[];
  options: InstanceOptions;
  metadataOptions?: Record<string, unknown>;
  shutdownBehavior?: 'stop' | 'terminate';
  clientToken?: string;
  clientTokenDigest?: string;
}

const defaultInstanceType = 't3.micro';

/** EC2's limit on user data before its base64, in bytes. */
const userDataBytes = 16_384;

/** Resource types that RunInstances may tag; only instances and volumes have records here. */
const taggable = ['instance', 'volume', 'network-interface', 'spot-instances-request', 'elastic-gpu'] as const;

/**
 * Decides a RunInstances request.
 * @throws CloudError for every value that EC2 would refuse; image and key pair are checked at the launch itself.
 */
export function planLaunch(context: CloudContext, request: RunInstancesRequest): LaunchPlan {
  const { state } = context;
  const minCount = required(request.MinCount, 'MinCount');
  const maxCount = required(request.MaxCount, 'MaxCount');
  if (minCount < 1) throw invalidValue(`Value (${minCount}) for parameter minCount is invalid. Minimum value is 1.`);
  if (maxCount < minCount) {
    throw invalidValue(
      `Value (${maxCount}) for parameter maxCount is invalid. maxCount must be equal to or greater than minCount.`,
    );
  }
  const token = request.ClientToken || undefined;
  if (token && token.length > 64) throw invalidValue('Client token is limited to 64 characters');
  const chosen = request.LaunchTemplate && chooseTemplate(state, request.LaunchTemplate);
  const data = { ...chosen?.data, ...present(request) } as LaunchData;
  if (!data.ImageId) throw missing('ImageId');
  const templateTags = chosen?.data.TagSpecifications;
  const both = (type: 'instance' | 'volume' | 'network-interface'): Tags => ({
    ...tagsFor(templateTags, type, [...taggable]),
    ...tagsFor(request.TagSpecifications, type, [...taggable]),
  });
  const type = instanceType(data.InstanceType);
  return {
    minCount,
    maxCount,
    imageId: data.ImageId,
    instanceType: type,
    options: launchOptions(data, type, both('network-interface')),
    ...launchNetwork(context, data),
    keyName: data.KeyName || undefined,
    userData: checkUserData(data.UserData),
    launchTemplate: chosen?.launchTemplate,
    tags: { ...both('instance'), ...systemTags(chosen?.launchTemplate) },
    volumeTags: both('volume'),
    disableApiTermination: data.DisableApiTermination,
    ...profileOf(context, data.IamInstanceProfile),
    blockDeviceMappings: data.BlockDeviceMappings as BlockDeviceMapping[] | undefined,
    metadataOptions:
      data.MetadataOptions && checkMetadataOptions(data.MetadataOptions as InstanceMetadataOptionsRequest),
    shutdownBehavior: data.InstanceInitiatedShutdownBehavior === 'terminate' ? 'terminate' : 'stop',
    clientToken: token,
    clientTokenDigest: token && requestDigest(request),
  };
}

function chooseTemplate(state: CloudState, name: NonNullable<RunInstancesRequest['LaunchTemplate']>) {
  const template = findTemplate(state, name);
  const version = findVersion(template, name.Version || undefined);
  return {
    launchTemplate: { id: template.id, version: version.number },
    data: version.data as RequestLaunchTemplateData,
  };
}

/** Tags that EC2 puts on instances of a launch template itself. */
function systemTags(template: LaunchPlan['launchTemplate']): Tags {
  if (!template) return {};
  return { 'aws:ec2launchtemplate:id': template.id, 'aws:ec2launchtemplate:version': String(template.version) };
}

/** What the request really says: clients send empty texts and lists for what they do not set. */
function present(request: RunInstancesRequest): Partial<RunInstancesRequest> {
  const said = Object.entries(request).filter(
    ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(said);
}

/** @throws CloudError for a text that is not an instance type; every well-formed one is offered. */
export function instanceType(type: string | undefined): string {
  if (!type) return defaultInstanceType;
  if (!/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type)) throw invalidValue(`Invalid value '${type}' for InstanceType.`);
  return type;
}

/** @throws CloudError for user data that is not base64, or too long. */
export function checkUserData(userData: string | undefined): string | undefined {
  if (!userData) return undefined;
  const compact = userData.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 === 1) {
    throw new CloudError('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  }
  if (Buffer.from(compact, 'base64').length > userDataBytes)
    throw invalidValue(`User data is limited to ${userDataBytes} bytes`);
  return compact;
}
