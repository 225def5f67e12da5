import { createHmac, timingSafeEqual } from 'node:crypto';
import { uniqueId } from '../iam/names.ts';
import { account } from '../settings.ts';
import type { CallerIdentity, SessionKey, SessionKeys } from '../wire/sessions.ts';

/** Temporary credentials as they are given out. */
export interface SessionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Milliseconds since the epoch. */
  expiration: number;
}

/** What a token says. */
interface Claim {
  /** Access key. */
  k: string;
  /** End, in milliseconds since the epoch. */
  e: number;
  /** Id and name of the role, and the session's name; absent for the account itself. */
  r?: [id: string, name: string, session: string];
}

const longestToken = 4096;

/**
 * Temporary credentials. Nothing of them is kept: a token says whose it is and until when and proves it, and the secret follows
 * from it, so they stay good over a restart of the cloud and end with their role.
 */
export class Sessions implements SessionKeys {
  readonly #secret: string;
  readonly #isRole: (id: string) => boolean;

  /**
   * @param secret the account's own: whoever knows it can make any token
   * @param isRole whether there is still a role of this id
   */
  constructor(secret: string, isRole: (id: string) => boolean) {
    this.#secret = secret;
    this.#isRole = isRole;
  }

  /** @param now milliseconds since the epoch, of the callers' time */
  issue(of: {
    role?: { id: string; name: string; session: string };
    seconds: number;
    now: number;
  }): SessionCredentials {
    const { role, seconds, now } = of;
    const accessKeyId = uniqueId('ASIA', 20);
    // AWS tells the end by the second.
    const expiration = Math.floor(now / 1000) * 1000 + seconds * 1000;
    const claim: Claim = { k: accessKeyId, e: expiration, ...(role && { r: [role.id, role.name, role.session] }) };
    const said = Buffer.from(JSON.stringify(claim)).toString('base64url');
    const sessionToken = `${said}.${this.#sign('token', said).toString('base64url')}`;
    return { accessKeyId, secretAccessKey: this.#secretOf(sessionToken), sessionToken, expiration };
  }

  find(accessKeyId: string, token: string, now: number): SessionKey | 'unknown' | 'expired' {
    const claim = this.#read(token);
    if (claim?.k !== accessKeyId) return 'unknown';
    if (claim.r && !this.#isRole(claim.r[0])) return 'unknown';
    if (now >= claim.e) return 'expired';
    return { secretAccessKey: this.#secretOf(token), identity: identityOf(claim) };
  }

  #read(token: string): Claim | undefined {
    const [said = '', proof = '', ...more] = token.split('.');
    if (token.length > longestToken || more.length > 0) return undefined;
    const expected = this.#sign('token', said);
    const given = Buffer.from(proof, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return JSON.parse(Buffer.from(said, 'base64url').toString('utf8')) as Claim;
  }

  #secretOf(token: string): string {
    return this.#sign('secret', token).toString('base64').slice(0, 40);
  }

  #sign(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#secret).update(`session ${purpose}\n${text}`).digest();
  }
}

/** As GetCallerIdentity names a session. */
function identityOf({ r: role }: Claim): CallerIdentity {
  if (!role) {
    return { account: account.id, arn: `arn:aws:iam::${account.id}:root`, userId: account.id, temporary: true };
  }
  const [id, name, session] = role;
  const arn = `arn:aws:sts::${account.id}:assumed-role/${name}/${session}`;
  return { account: account.id, arn, userId: `${id}:${session}`, role: name, temporary: true };
}
