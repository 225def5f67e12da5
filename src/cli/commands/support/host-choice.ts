import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { HostChoice } from '../../../fleet/fleet-hosts.ts';
import { versionPattern } from '../../../shared/version.ts';
import type { CommandOptions } from '../../command.ts';
import { parsed, parseOptions, text } from '../../options.ts';

/** `--instance` and `--version`. @throws usage errors `usage.instance`, `usage.version` */
export function readHostChoice(options: CommandOptions): HostChoice {
  const { version, instance } = parseOptions(options, { version: text, instance: parsed(instanceStart) });
  if (version !== undefined && !versionPattern.test(version)) {
    throw usageError('usage.version', `--version ${show(version)} is not a version`, 'e.g. --version v42');
  }
  return { ...(instance !== undefined && { instance }), ...(version !== undefined && { version }) };
}

/** The value of `--instance`: an id, or the beginning of one. @throws usage error `usage.instance` */
export function instanceStart(instance: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(instance)) return instance;
  throw usageError('usage.instance', `--instance ${show(instance)} is not an instance id`, 'e.g. --instance i-0abc');
}
