import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { HostChoice } from '../../../fleet/fleet-hosts.ts';
import { versionPattern } from '../../../shared/version.ts';
import type { CommandOptions } from '../../command.ts';
import { parseOptions, text } from '../../options.ts';

/** `--instance` and `--version`. @throws usage errors `usage.instance`, `usage.version` */
export function readHostChoice(options: CommandOptions): HostChoice {
  const { version, instance } = parseOptions(options, { version: text, instance: text });
  if (version !== undefined && !versionPattern.test(version)) {
    throw usageError('usage.version', `--version ${show(version)} is not a version`, 'e.g. --version v42');
  }
  if (instance !== undefined && !/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(instance)) {
    throw usageError('usage.instance', `--instance ${show(instance)} is not an instance id`, 'e.g. --instance i-0abc');
  }
  return { ...(instance !== undefined && { instance }), ...(version !== undefined && { version }) };
}
