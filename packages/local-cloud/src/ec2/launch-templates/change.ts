import type {
  DeleteLaunchTemplateRequest,
  DeleteLaunchTemplateResult,
  DeleteLaunchTemplateVersionsRequest,
  DeleteLaunchTemplateVersionsResponseErrorItem,
  DeleteLaunchTemplateVersionsResponseSuccessItem,
  DeleteLaunchTemplateVersionsResult,
  ModifyLaunchTemplateRequest,
  ModifyLaunchTemplateResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { required } from '../errors.ts';
import { findTemplate, findVersion, versionNumber } from './lookup.ts';
import { toTemplate } from './shape.ts';

/** ModifyLaunchTemplate (the default version), DeleteLaunchTemplate and DeleteLaunchTemplateVersions. */
export function changeTemplateHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  return {
    ModifyLaunchTemplate: (input: ModifyLaunchTemplateRequest): ModifyLaunchTemplateResult => {
      const template = findTemplate(state, input);
      template.defaultVersion = findVersion(template, required(input.DefaultVersion, 'SetDefaultVersion')).number;
      context.changed();
      return { LaunchTemplate: toTemplate(template) };
    },
    DeleteLaunchTemplate: (input: DeleteLaunchTemplateRequest): DeleteLaunchTemplateResult => {
      const template = findTemplate(state, input);
      delete state.launchTemplates[template.id];
      context.changed();
      return { LaunchTemplate: toTemplate(template) };
    },
    DeleteLaunchTemplateVersions: (input: DeleteLaunchTemplateVersionsRequest): DeleteLaunchTemplateVersionsResult => {
      const template = findTemplate(state, input);
      const done: DeleteLaunchTemplateVersionsResponseSuccessItem[] = [];
      const failed: DeleteLaunchTemplateVersionsResponseErrorItem[] = [];
      const name = { LaunchTemplateId: template.id, LaunchTemplateName: template.name };
      for (const asked of required(input.Versions, 'LaunchTemplateVersion')) {
        const number = versionNumber(template, asked);
        const item = { ...name, VersionNumber: Number.isNaN(number) ? undefined : number };
        const at = template.versions.findIndex((version) => version.number === number);
        if (at < 0) {
          const Message = `Launch template version ${asked} does not exist.`;
          failed.push({ ...item, ResponseError: { Code: 'launchTemplateVersionDoesNotExist', Message } });
        } else if (number === template.defaultVersion) {
          const Message = `Version ${number} is the default version and cannot be deleted.`;
          failed.push({ ...item, ResponseError: { Code: 'unexpectedError', Message } });
        } else {
          template.versions.splice(at, 1);
          done.push(item);
        }
      }
      template.latestVersion = Math.max(...template.versions.map((version) => version.number));
      context.changed();
      return {
        SuccessfullyDeletedLaunchTemplateVersions: done,
        UnsuccessfullyDeletedLaunchTemplateVersions: failed,
      };
    },
  };
}
