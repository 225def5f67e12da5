/** Hosts of this computer, to which tokens may be sent without encryption. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** True for a name or an address of this computer. */
export const isLoopback = (host: string): boolean => loopback.test(host);

/** True for an address that a token may be sent to: https, or http on this computer, without credentials in it. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** Of an address that may be a secret as a whole: the host; all else is left out. */
export function hostOf(text: string): string {
  return URL.canParse(text) ? new URL(text).host : 'an address that cannot be read';
}
