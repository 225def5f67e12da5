import type { LaunchTemplate, LaunchTemplateVersion as SdkVersion } from '@aws-sdk/client-ec2';
import type { LaunchTemplateRecord, LaunchTemplateVersion } from '../../model.ts';
import { account } from '../../settings.ts';
import { tagsIfAny } from '../tag-shapes.ts';
import { toResponse } from './data.ts';

const createdBy = `arn:aws:iam::${account.id}:root`;

/** A template in the SDK's shape. */
export function toTemplate(record: LaunchTemplateRecord): LaunchTemplate {
  return {
    LaunchTemplateId: record.id,
    LaunchTemplateName: record.name,
    CreateTime: new Date(record.createdAt),
    CreatedBy: createdBy,
    DefaultVersionNumber: record.defaultVersion,
    LatestVersionNumber: record.latestVersion,
    Tags: tagsIfAny(record.tags),
  };
}

/** A version in the SDK's shape. */
export function toVersion(template: LaunchTemplateRecord, version: LaunchTemplateVersion): SdkVersion {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: version.number,
    VersionDescription: version.description,
    CreateTime: new Date(version.createdAt),
    CreatedBy: createdBy,
    DefaultVersion: version.number === template.defaultVersion,
    LaunchTemplateData: toResponse(version.data),
  };
}
