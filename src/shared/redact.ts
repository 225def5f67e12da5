/** Replacement text of a secret. */
export const redacted = '[redacted]';

/** Removes secrets from plain data and from text; the result is always plain data (JSON). */
export type Redact = <T>(value: T) => T;

const secretKey =
  /secret|passw(or)?d|passphrase|private_?key|credential|authorization|api_?key|cookie|(access|auth|session|bearer|refresh|security)_?token/i;

/** True when the value of this key must not be shown. An idempotency `token` is not a secret. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

const inText: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
  // The password in a URL.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${redacted}@`],
  [/\b(authorization:\s*)(basic|bearer)?\s*\S+/gi, `$1${redacted}`],
  // name=value and "name": "value", as tools print their settings.
  [
    /(["']?[\w-]*(?:secret|passw(?:or)?d|passphrase|(?:access|auth|session|security)_?token)[\w-]*["']?\s*(?:=|":|':)\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
    `$1${redacted}`,
  ],
  // name: value, as in YAML; in prose (`the password: it was wrong`) this hides one word.
  [
    /((?:^|[\s{,])[\w-]*(?:secret|passw(?:or)?d|passphrase|(?:access|auth|session|security)_?token)[\w-]*:[ \t]+)(?!\[redacted\])("[^"]*"|'[^']*'|[^\s,;}]+)/gim,
    `$1${redacted}`,
  ],
];

/**
 * Builds the redaction for a run: by key, by the usual shapes in text, and the given values anywhere.
 * @param values Secrets known to this process, e.g. the access key's secret; those under 6 characters are ignored, as
 * they would match ordinary words.
 */
export function createRedact(values: readonly string[] = []): Redact {
  const known = values.filter((value) => value.length >= 6).sort((a, b) => b.length - a.length);
  const text = (value: string): string => {
    let out = value;
    for (const secret of known) out = out.replaceAll(secret, redacted);
    for (const [pattern, by] of inText) out = out.replace(pattern, by);
    return out;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, isSecretKey(key) && inner !== null ? redacted : walk(inner)]),
    );
  };
  return <T>(value: T): T => {
    const plain = JSON.stringify(value);
    return (plain === undefined ? undefined : walk(JSON.parse(plain))) as T;
  };
}
