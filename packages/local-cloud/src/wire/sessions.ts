/** Who stands behind a request's credentials, as GetCallerIdentity shows it. */
export interface CallerIdentity {
  account: string;
  arn: string;
  userId: string;
  /** Name of the role whose temporary credentials they are; absent for the account itself. */
  role?: string;
  /** They are temporary. */
  temporary?: boolean;
}

/** Temporary credentials as far as a signature needs them. */
export interface SessionKey {
  secretAccessKey: string;
  identity: CallerIdentity;
}

/** Temporary credentials that were given out: those of roles, and of GetSessionToken. */
export interface SessionKeys {
  /**
   * Looks temporary credentials up.
   * @param now milliseconds since the epoch, of the callers' time
   * @returns `unknown` for a token that was not given out with this key or whose role is gone, `expired` for one of before
   */
  find(accessKeyId: string, token: string, now: number): SessionKey | 'unknown' | 'expired';
}
