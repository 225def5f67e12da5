import type {
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplatesResult,
  DescribeLaunchTemplateVersionsRequest,
  DescribeLaunchTemplateVersionsResult,
  GetLaunchTemplateDataRequest,
  GetLaunchTemplateDataResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { LaunchTemplateRecord, LaunchTemplateVersion } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, missing } from '../errors.ts';
import { applyFilters, type Fields, filterText, withoutValue } from '../filters.ts';
import { findInstance } from '../instances/lookup.ts';
import { paginate, timeKey } from '../pagination.ts';
import { dataOfInstance, toResponse } from './data.ts';
import { findTemplate, findVersion, versionNumber } from './lookup.ts';
import { toTemplate, toVersion } from './shape.ts';

interface Row {
  template: LaunchTemplateRecord;
  version: LaunchTemplateVersion;
}

const pageLimits = { min: 1, max: 200 };

/** What filters look at in the data of a version. */
const dataFields: Fields<Row> = {
  'ebs-optimized': ({ version }) => filterText(toResponse(version.data).EbsOptimized),
  'http-endpoint': ({ version }) => toResponse(version.data).MetadataOptions?.HttpEndpoint,
  'http-protocol-ipv4': ({ version }) => toResponse(version.data).MetadataOptions?.HttpEndpoint,
  'http-tokens': ({ version }) => toResponse(version.data).MetadataOptions?.HttpTokens,
  'iam-instance-profile': ({ version }) => toResponse(version.data).IamInstanceProfile?.Arn,
  'network-card-index': ({ version }) =>
    toResponse(version.data).NetworkInterfaces?.map((one) => filterText(one.NetworkCardIndex)),
  ...withoutValue('host-resource-group-arn kernel-id license-configuration-arn ram-disk-id'),
};

/** DescribeLaunchTemplates, DescribeLaunchTemplateVersions (newest first) and GetLaunchTemplateData. */
export function describeTemplateHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  return {
    DescribeLaunchTemplates: (input: DescribeLaunchTemplatesRequest): DescribeLaunchTemplatesResult => {
      const ids = input.LaunchTemplateIds ?? [];
      const names = input.LaunchTemplateNames ?? [];
      const named = [
        ...ids.map((LaunchTemplateId) => findTemplate(state, { LaunchTemplateId })),
        ...names.map((LaunchTemplateName) => findTemplate(state, { LaunchTemplateName })),
      ];
      const all = ids.length + names.length > 0 ? [...new Set(named)] : Object.values(state.launchTemplates);
      const kept = applyFilters(
        all,
        input.Filters,
        {
          'launch-template-name': (one) => one.name,
          'launch-template-id': (one) => one.id,
          'create-time': (one) => new Date(one.createdAt).toISOString(),
        },
        (one) => one.tags,
      );
      const page = paginate(kept, input, pageLimits, (one) => timeKey(one.createdAt, one.id));
      return { LaunchTemplates: page.items.map(toTemplate), NextToken: page.nextToken };
    },
    DescribeLaunchTemplateVersions: (
      input: DescribeLaunchTemplateVersionsRequest,
    ): DescribeLaunchTemplateVersionsResult => {
      const kept = applyFilters(rows(input), input.Filters, {
        'image-id': ({ version }) => text(version.data.ImageId),
        'instance-type': ({ version }) => text(version.data.InstanceType),
        'key-name': ({ version }) => text(version.data.KeyName),
        'is-default-version': ({ template, version }) => String(version.number === template.defaultVersion),
        'create-time': ({ version }) => new Date(version.createdAt).toISOString(),
        ...dataFields,
      });
      const page = paginate(kept, input, pageLimits, ({ template, version }) => {
        return `${template.id} ${timeKey(Number.MAX_SAFE_INTEGER - version.number, '')}`;
      });
      return {
        LaunchTemplateVersions: page.items.map(({ template, version }) => toVersion(template, version)),
        NextToken: page.nextToken,
      };
    },
    GetLaunchTemplateData: (input: GetLaunchTemplateDataRequest): GetLaunchTemplateDataResult => {
      return { LaunchTemplateData: dataOfInstance(findInstance(state, input.InstanceId)) };
    },
  };

  /** The versions that a request asks for: of one template, or `$Latest` and `$Default` of all. */
  function rows(input: DescribeLaunchTemplateVersionsRequest): Row[] {
    const asked = input.Versions?.length ? input.Versions : undefined;
    if (!input.LaunchTemplateId && !input.LaunchTemplateName) {
      if (!asked) throw missing('LaunchTemplateId or LaunchTemplateName');
      if (asked.some((version) => version !== '$Latest' && version !== '$Default')) {
        throw invalidCombination('Without a launch template, the versions can only be $Latest and $Default.');
      }
      return Object.values(state.launchTemplates).flatMap((template) => versionsOf(template, asked));
    }
    const template = findTemplate(state, input);
    if (asked) {
      if (input.MinVersion || input.MaxVersion) {
        throw invalidCombination('Versions cannot be used together with MinVersion or MaxVersion.');
      }
      return versionsOf(template, asked);
    }
    const from = input.MinVersion ? versionNumber(template, input.MinVersion) : 1;
    const to = input.MaxVersion ? versionNumber(template, input.MaxVersion) : Number.POSITIVE_INFINITY;
    return template.versions
      .filter(({ number }) => number >= from && number <= to)
      .map((version) => ({ template, version }));
  }
}

function versionsOf(template: LaunchTemplateRecord, asked: string[]): Row[] {
  const found = new Set(asked.map((version) => findVersion(template, version)));
  return [...found].map((version) => ({ template, version }));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
