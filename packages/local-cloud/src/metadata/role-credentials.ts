import type { IamStore } from '../iam/store.ts';
import { mayTake } from '../iam/trust.ts';
import type { InstanceRecord, RoleRecord } from '../model.ts';
import type { SessionCredentials, Sessions } from '../sts/sessions.ts';
import type { Tree } from './tree.ts';

/** How long credentials of a role are good on an instance, in seconds; EC2's are some six hours. */
const seconds = 6 * 3600;
/** New ones are there before the old ones end: EC2 promises five minutes. */
const renewMs = 3_600_000;

interface Given {
  roleId: string;
  at: number;
  credentials: SessionCredentials;
}

/** The credentials that instances get of their profile's role. */
export class RoleCredentials {
  readonly #iam: IamStore;
  readonly #sessions: Sessions;
  readonly #given = new Map<string, Given>();

  constructor(iam: IamStore, sessions: Sessions) {
    this.#iam = iam;
    this.#sessions = sessions;
  }

  /**
   * What an instance reads under `iam`; undefined without a profile.
   * @param now milliseconds since the epoch, of the callers' time
   */
  tree(record: InstanceRecord, now: number): Tree | undefined {
    const arn = record.iamInstanceProfile;
    const profile = arn === undefined ? undefined : this.#iam.profileByArn(arn);
    const role = profile?.role === undefined ? undefined : this.#iam.roles[profile.role];
    if (!profile || !role) return undefined;
    const info = {
      Code: 'Success',
      LastUpdated: time(now),
      InstanceProfileArn: arn,
      InstanceProfileId: profile.id,
    };
    return {
      info: JSON.stringify(info, undefined, 2),
      'security-credentials': { [role.name]: () => JSON.stringify(this.#document(record, role, now), undefined, 2) },
    };
  }

  #document(record: InstanceRecord, role: RoleRecord, now: number): object {
    if (!mayTake(role, { service: 'ec2.amazonaws.com' })) {
      const Message = `EC2 cannot assume the role ${role.name}. Its trust policy must name ec2.amazonaws.com.`;
      return { Code: 'AssumeRoleUnauthorizedAccess', Message, LastUpdated: time(now) };
    }
    const { at, credentials } = this.#current(record.id, role, now);
    return {
      Code: 'Success',
      LastUpdated: time(at),
      Type: 'AWS-HMAC',
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      Token: credentials.sessionToken,
      Expiration: time(credentials.expiration),
    };
  }

  #current(instanceId: string, { id, name }: RoleRecord, now: number): Given {
    const known = this.#given.get(instanceId);
    if (known?.roleId === id && known.credentials.expiration - now > renewMs) return known;
    const credentials = this.#sessions.issue({ role: { id, name, session: instanceId }, seconds, now });
    const given = { roleId: id, at: now, credentials };
    this.#given.set(instanceId, given);
    return given;
  }
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
