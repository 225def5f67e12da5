import type { Clock } from '@golden-pipeline/shared/clock';
import { type Authorizer, createAuthorizer } from '../iam/authorize.ts';
import { createIamService, type IamService } from '../iam/service.ts';
import type { IamContext } from '../iam/store.ts';
import { MetadataService } from '../metadata/service.ts';
import type { CloudState } from '../model.ts';
import { createStsService } from '../sts/service.ts';
import { Sessions } from '../sts/sessions.ts';
import type { HandlerTable } from '../wire/handler.ts';

/** Who may call, and as whom: what is the account's and not a region's. */
export interface Access {
  tables: Record<'iam' | 'sts', HandlerTable>;
  sessions: Sessions;
  profiles: IamService['profiles'];
  metadata: MetadataService;
  authorizer: Authorizer;
}

/**
 * IAM, STS and the metadata service over one set of temporary credentials.
 * @param options.context the home region's records, where IAM's are kept
 * @param options.stateOf the records of each region
 * @param options.secret the account's secret key
 * @param options.callersTime what callers sign by, and temporary credentials end by
 */
export function createAccess(options: {
  context: IamContext;
  stateOf: (region: string) => CloudState | undefined;
  secret: string;
  callersTime: Clock;
}): Access {
  const { context, stateOf, secret, callersTime: clock } = options;
  const { handlers, store: iam, profiles } = createIamService(context);
  const sessions = new Sessions(secret, (id) => iam.roleById(id) !== undefined);
  return {
    tables: { iam: handlers, sts: createStsService({ iam, sessions, clock }).handlers },
    sessions,
    profiles,
    metadata: new MetadataService({ iam, sessions, clock }),
    authorizer: createAuthorizer(iam, stateOf),
  };
}
