import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateResult,
  CreateLaunchTemplateVersionRequest,
  CreateLaunchTemplateVersionResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { newId, requestDigest } from '../../ids.ts';
import type { CloudState, LaunchTemplateRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue, required } from '../errors.ts';
import { tagsFor } from '../tag-shapes.ts';
import { checkData, mergeData } from './data.ts';
import { findTemplate, findVersion } from './lookup.ts';
import { toTemplate, toVersion } from './shape.ts';

/** EC2's quota of versions of one template. */
const maxVersions = 10_000;

/** CreateLaunchTemplate and CreateLaunchTemplateVersion; both give the same answer again for the same client token. */
export function createTemplateHandlers(context: CloudContext): HandlerTable {
  const { state, clock } = context;
  return {
    CreateLaunchTemplate: (input: CreateLaunchTemplateRequest): CreateLaunchTemplateResult => {
      const name = checkName(required(input.LaunchTemplateName, 'LaunchTemplateName'));
      const digest = requestDigest(input);
      const repeated = input.ClientToken ? madeBy(state, input.ClientToken) : undefined;
      if (repeated && input.ClientToken) {
        checkDigest(repeated, input.ClientToken, digest);
        return { LaunchTemplate: toTemplate(repeated) };
      }
      if (Object.values(state.launchTemplates).some((one) => one.name === name)) {
        throw new CloudError(
          'InvalidLaunchTemplateName.AlreadyExistsException',
          'Launch template name already in use.',
        );
      }
      const data = checkData(required(input.LaunchTemplateData, 'LaunchTemplateData'));
      const now = clock.now();
      const template: LaunchTemplateRecord = {
        id: newId('lt'),
        name,
        createdAt: now,
        defaultVersion: 1,
        latestVersion: 1,
        nextVersion: 2,
        versions: [{ number: 1, description: input.VersionDescription || undefined, createdAt: now, data }],
        tags: tagsFor(input.TagSpecifications, 'launch-template', ['launch-template']),
        tokens: {},
        tokenDigests: {},
      };
      remember(template, input.ClientToken, digest, 1);
      state.launchTemplates[template.id] = template;
      context.changed();
      return { LaunchTemplate: toTemplate(template) };
    },
    CreateLaunchTemplateVersion: (input: CreateLaunchTemplateVersionRequest): CreateLaunchTemplateVersionResult => {
      const template = findTemplate(state, input);
      const digest = requestDigest(input);
      const repeated = input.ClientToken ? template.tokens[input.ClientToken] : undefined;
      if (repeated !== undefined && input.ClientToken) {
        checkDigest(template, input.ClientToken, digest);
        return { LaunchTemplateVersion: toVersion(template, findVersion(template, String(repeated))) };
      }
      if (template.versions.length >= maxVersions) {
        throw new CloudError(
          'VersionLimitExceeded',
          `You have reached the maximum number of versions (${maxVersions}) for this launch template.`,
        );
      }
      const source = input.SourceVersion ? findVersion(template, input.SourceVersion).data : {};
      const data = mergeData(source, checkData(required(input.LaunchTemplateData, 'LaunchTemplateData')));
      const number = template.nextVersion ?? template.latestVersion + 1;
      const version = { number, description: input.VersionDescription || undefined, createdAt: clock.now(), data };
      template.versions.push(version);
      template.latestVersion = number;
      template.nextVersion = number + 1;
      remember(template, input.ClientToken, digest, number);
      context.changed();
      return { LaunchTemplateVersion: toVersion(template, version) };
    },
  };
}

function checkName(name: string): string {
  if (/^[A-Za-z0-9().\-/_]{3,128}$/.test(name)) return name;
  throw new CloudError(
    'InvalidLaunchTemplateName.MalformedException',
    'A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _.',
  );
}

/** The template whose first version a client token has made. */
function madeBy(state: CloudState, token: string): LaunchTemplateRecord | undefined {
  return Object.values(state.launchTemplates).find((one) => one.tokens[token] === 1);
}

function remember(template: LaunchTemplateRecord, token: string | undefined, digest: string, number: number): void {
  if (!token) return;
  if (token.length > 128) throw invalidValue('Client token is limited to 128 characters');
  template.tokens[token] = number;
  template.tokenDigests = { ...template.tokenDigests, [token]: digest };
}

function checkDigest(template: LaunchTemplateRecord, token: string, digest: string): void {
  if (template.tokenDigests?.[token] === digest) return;
  throw new CloudError(
    'IdempotentParameterMismatch',
    'The client token has already been used for a previous request with different parameters.',
  );
}
