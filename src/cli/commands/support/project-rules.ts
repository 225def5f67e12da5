import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../../../config/settings.ts';
import type { ProjectRules } from '../../../hosts/project/plan.ts';

/**
 * What may decide how hosts are built: nothing but commits where an AWS account is changed, and a snapshot elsewhere when it is requested.
 * @throws usage error `project.allow-dirty` for a snapshot on AWS
 */
export function projectRules(fleet: Pick<Fleet, 'app' | 'cloud' | 'environment'>, allowDirty: boolean): ProjectRules {
  const committed = fleet.cloud === 'aws';
  if (committed && allowDirty) {
    throw usageError(
      'project.allow-dirty',
      `${fleet.environment} is on AWS, and --allow-dirty is for environments of the local cloud`,
      'commit what has changed, so that everybody can tell later from which files hosts were built',
    );
  }
  return { allowDirty, committed };
}
