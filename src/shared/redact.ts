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

/** Words of a name whose value is a secret, in text. */
const name = 'secret|passw(?:or)?d|passphrase|(?:access|auth|session|security)_?token';

/** What is hidden already, and ends here: what follows it, such as the next command of a pipe, is to be read. */
const done = String.raw`(?!\[redacted\](?:$|[\s"'\\|()<>\x60$]))`;

/**
 * The usual shapes of secrets. Texts are also what other programs print, in lines of any length, so each takes time in proportion to the text:
 * what stands before the word that makes it a secret has no repetition, or one with a limit.
 */
export const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,64}PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]{0,64}PRIVATE KEY-----|$)/g, redacted],
  // The password in a URL.
  [/([a-z0-9+.-]:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${redacted}@`],
  [new RegExp(String.raw`\b(authorization:\s{0,64})${done}((basic|bearer)\s{1,64})?\S+`, 'gi'), `$1${redacted}`],
  // name=value and "name": "value", as tools print their settings.
  [
    new RegExp(`((?:${name})[\\w-]{0,64}["']?\\s*(?:=|":|':)\\s*)${done}("[^"]*"|'[^']*'|[^\\s,;&]+)`, 'gi'),
    `$1${redacted}`,
  ],
  // name: value, as in YAML; in prose (`the password: it was wrong`) this hides one word.
  [
    new RegExp(
      `((?:^|[\\s{,])[\\w-]{0,64}(?:${name})[\\w-]{0,64}:[ \\t]+)(?!\\[redacted\\])("[^"]*"|'[^']*'|[^\\s,;}]+)`,
      'gim',
    ),
    `$1${redacted}`,
  ],
];

/** Words without which no shape fits: almost every text has none of them. */
const suspicious = /secret|passw|passphrase|token|authorization|private key|:\/\//i;

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
    if (!suspicious.test(out)) return out;
    for (const [pattern, by] of shapes) out = out.replace(pattern, by);
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
    if (typeof value === 'string') return text(value) as T;
    const plain = JSON.stringify(value);
    return (plain === undefined ? undefined : walk(JSON.parse(plain))) as T;
  };
}
