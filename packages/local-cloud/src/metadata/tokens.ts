import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Tokens of the second version of the metadata service: each is good for one instance and its time, until the cloud ends. */
export class MetadataTokens {
  readonly #key = randomBytes(32);

  /** @param until milliseconds since the epoch */
  issue(instanceId: string, until: number): string {
    const end = until.toString(36);
    return `${end}.${this.#sign(instanceId, end).toString('base64url')}`;
  }

  isGood(instanceId: string, token: string, now: number): boolean {
    const [end = '', proof = ''] = token.split('.');
    const expected = this.#sign(instanceId, end);
    const given = Buffer.from(proof, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    return now < Number.parseInt(end, 36);
  }

  #sign(instanceId: string, end: string): Buffer {
    return createHmac('sha256', this.#key).update(`${instanceId}\n${end}`).digest();
  }
}
