import type { AssumeRoleRequest, GetSessionTokenRequest } from '@aws-sdk/client-sts';
import type { Clock } from '@golden-pipeline/shared/clock';
import { arnOf } from '../iam/names.ts';
import { isAllowed } from '../iam/permissions.ts';
import type { IamStore } from '../iam/store.ts';
import { mayTake } from '../iam/trust.ts';
import type { Service } from '../service.ts';
import { account } from '../settings.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { brokenConstraint } from '../wire/refusals.ts';
import type { CallerIdentity } from '../wire/sessions.ts';
import { invalidValue } from './errors.ts';
import type { SessionCredentials, Sessions } from './sessions.ts';

const root: CallerIdentity = {
  account: account.id,
  arn: `arn:aws:iam::${account.id}:root`,
  userId: account.id,
};

/** Longest time of credentials that a role's own credentials have asked for, in seconds. */
const chainedSeconds = 3600;

/** What temporary credentials are made of. */
export interface StsOptions {
  iam: IamStore;
  sessions: Sessions;
  /** The callers' time. */
  clock: Clock;
}

/** STS: who one is, and temporary credentials. The account's own key is its root user's, whose id is the account's, as AWS has it. */
export function createStsService(options?: StsOptions): Service {
  const handlers: HandlerTable = {
    GetCallerIdentity: (_input, { identity = root }) => ({
      Account: identity.account,
      Arn: identity.arn,
      UserId: identity.userId,
    }),
  };
  return { handlers: options ? { ...handlers, ...sessionHandlers(options) } : handlers };
}

function sessionHandlers({ iam, sessions, clock }: StsOptions): HandlerTable {
  return {
    AssumeRole: (input: AssumeRoleRequest, { identity = root }) => {
      const { RoleArn = '', RoleSessionName: session = '', DurationSeconds: seconds = 3600 } = input;
      if (!/^[\w+=,.@-]{2,64}$/.test(session)) {
        throw invalidValue(
          brokenConstraint('roleSessionName', session, 'Member must have 2 to 64 letters, digits and _+=,.@-'),
        );
      }
      checkSeconds(seconds, 43_200);
      const role = iam.roleByArn(RoleArn);
      refuseSessionPolicies(input);
      const own = identity.role === undefined ? undefined : iam.role(identity.role);
      const isOwnAllowed = own === undefined || isAllowed(iam, own, 'sts:AssumeRole', RoleArn);
      const taker = { arn: identity.arn, role: own && arnOf('role', own), isAllowed: isOwnAllowed };
      if (!role || !mayTake(role, taker)) {
        const message = `User: ${identity.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`;
        throw new CloudError('AccessDenied', message, 403);
      }
      if (seconds > role.maxSessionSeconds) {
        throw invalidValue('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
      }
      if (identity.role && seconds > chainedSeconds) {
        throw invalidValue(
          'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
        );
      }
      const { id, name } = role;
      const made = sessions.issue({ role: { id, name, session }, seconds, now: clock.now() });
      return {
        Credentials: toCredentials(made),
        AssumedRoleUser: {
          AssumedRoleId: `${id}:${session}`,
          Arn: `arn:aws:sts::${account.id}:assumed-role/${name}/${session}`,
        },
      };
    },
    GetSessionToken: ({ DurationSeconds }: GetSessionTokenRequest, { identity }) => {
      if (identity?.temporary) {
        throw new CloudError('AccessDenied', 'Cannot call GetSessionToken with session credentials', 403);
      }
      // The root user's are good for an hour at the most; who asks for more gets an hour.
      const seconds = Math.min(checkSeconds(DurationSeconds ?? 3600, 129_600), 3600);
      return { Credentials: toCredentials(sessions.issue({ seconds, now: clock.now() })) };
    },
  };
}

/** They would make the credentials good for less, which nothing here would heed. */
function refuseSessionPolicies({ Policy, PolicyArns }: AssumeRoleRequest): void {
  if (Policy || PolicyArns?.length) throw invalidValue('Session policies are not served by the local cloud.');
}

function toCredentials(made: SessionCredentials) {
  return {
    AccessKeyId: made.accessKeyId,
    SecretAccessKey: made.secretAccessKey,
    SessionToken: made.sessionToken,
    Expiration: new Date(made.expiration),
  };
}

function checkSeconds(seconds: number, most: number): number {
  if (seconds >= 900 && seconds <= most) return seconds;
  throw invalidValue(brokenConstraint('durationSeconds', seconds, `Member must have value between 900 and ${most}`));
}
