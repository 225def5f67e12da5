import type { CloudState, RefreshRecord } from '../../model.ts';
import { irreversibleRefresh } from '../errors.ts';

/**
 * There must be a fixed version to go to, and one to go back to, each with an image of its own (RefreshPreferences.AutoRollback
 * in the SDK's typings).
 * @throws CloudError IrreversibleInstanceRefresh
 */
export function requireReversible(state: CloudState, refresh: RefreshRecord): void {
  if (!refresh.desiredLaunchTemplate) {
    throw irreversibleRefresh('The instance refresh does not have a desired configuration and cannot be rolled back.');
  }
  for (const { id, version } of [refresh.desiredLaunchTemplate, refresh.previousLaunchTemplate]) {
    if (version.startsWith('$')) {
      throw irreversibleRefresh(
        `The launch template version ${version} is not a number, so the instance refresh cannot be rolled back.`,
      );
    }
    const data = state.launchTemplates[id]?.versions.find((v) => String(v.number) === version)?.data;
    if (String(data?.ImageId ?? '').startsWith('resolve:ssm:')) {
      throw irreversibleRefresh(
        `Version ${version} of the launch template names its image by an AWS Systems Manager parameter, so the instance refresh cannot be rolled back.`,
      );
    }
  }
}
