import { isId } from '../../ids.ts';
import type { CloudState, LaunchTemplateRecord, LaunchTemplateVersion } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { invalidCombination, missing } from '../errors.ts';

/** How requests name a template: by id or by name, never both. */
export interface TemplateName {
  LaunchTemplateId?: string;
  LaunchTemplateName?: string;
}

/**
 * The template that a request names.
 * @throws CloudError as EC2 words it for a missing, malformed or unknown id or name.
 */
export function findTemplate(
  state: CloudState,
  { LaunchTemplateId: id, LaunchTemplateName: name }: TemplateName,
): LaunchTemplateRecord {
  if (id && name) {
    throw invalidCombination(
      'Either provide launch template ID or launch template name to identify the template, not both.',
    );
  }
  if (id) {
    if (!isId('lt', id)) {
      throw new CloudError(
        'InvalidLaunchTemplateId.Malformed',
        `Invalid launch template ID: "${id}" (expecting "lt-...")`,
      );
    }
    const found = state.launchTemplates[id];
    if (found) return found;
    throw new CloudError(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  if (!name) throw missing('LaunchTemplateId or LaunchTemplateName');
  const found = Object.values(state.launchTemplates).find((template) => template.name === name);
  if (found) return found;
  throw new CloudError(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

/**
 * A version by number, `$Latest` or `$Default`; without a version the default one.
 * @throws CloudError `InvalidLaunchTemplateId.VersionNotFound`.
 */
export function findVersion(template: LaunchTemplateRecord, version = '$Default'): LaunchTemplateVersion {
  const number = versionNumber(template, version);
  const found = template.versions.find((one) => one.number === number);
  if (found) return found;
  throw new CloudError(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version} for the launch template with ID ${template.id}.`,
  );
}

/** The number that a version's name stands for; NaN for a text that is not a version. */
export function versionNumber(template: LaunchTemplateRecord, version: string): number {
  if (version === '$Latest') return template.latestVersion;
  if (version === '$Default') return template.defaultVersion;
  return /^[1-9]\d*$/.test(version) ? Number(version) : Number.NaN;
}
