import type { ProfileDirectory } from '../context.ts';
import type { Service } from '../service.ts';
import { instanceProfileHandlers } from './instance-profiles.ts';
import { arnOf } from './names.ts';
import { policyHandlers } from './policies.ts';
import { roleHandlers } from './roles.ts';
import { type IamContext, IamStore } from './store.ts';

export interface IamService extends Service {
  store: IamStore;
  /** For EC2. */
  profiles: ProfileDirectory;
}

/** IAM as far as instances need it: roles, their policies, and instance profiles. There are no users, groups or access keys. */
export function createIamService(context: IamContext): IamService {
  const store = new IamStore(context);
  return {
    handlers: { ...roleHandlers(store), ...policyHandlers(store), ...instanceProfileHandlers(store) },
    store,
    profiles: {
      find: ({ Arn, Name }) => {
        const found = Arn ? store.profileByArn(Arn) : store.instanceProfiles[Name ?? ''];
        return found && { arn: arnOf('instance-profile', found), id: found.id, hasRole: found.role !== undefined };
      },
    },
  };
}
