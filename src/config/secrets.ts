/**
 * Reference to the value of a secret: `ssm:<name>`, `secretsmanager:<name>` or `secretsmanager:<name>#<key>`. Never the
 * value.
 */
export type SecretReference = `ssm:${string}` | `secretsmanager:${string}`;

/** Reference to a variable of the environment in which the pipeline runs: `env:<name>`. For tokens of notifications only. */
export type EnvReference = `env:${string}`;

/** Reference to a token that the pipeline itself uses. */
export type TokenReference = SecretReference | EnvReference;

/** A reference in its parts. */
export interface ParsedReference {
  source: 'ssm' | 'secretsmanager';
  /** Name of the parameter or secret. */
  name: string;
  /** Key in the secret's JSON object. */
  key?: string;
}

/**
 * A parameter of Parameter Store, e.g. `ssm('/shop/production/stripe-key')`. The host reads its newest version,
 * decrypted. An invalid name is reported with the other mistakes of the file.
 */
export function ssm(name: string): SecretReference {
  return `ssm:${name}`;
}

/** A secret of Secrets Manager by its name, in its current version; with `key`, one value of its JSON object. */
export function secretsManager(name: string, key?: string): SecretReference {
  return key === undefined ? `secretsmanager:${name}` : `secretsmanager:${name}#${key}`;
}

/** A variable of the environment of whoever runs the pipeline, e.g. `env('SLACK_TOKEN')`. It is read when it is used. */
export function env(name: string): EnvReference {
  return `env:${name}`;
}

/** Name of the variable of such a reference; undefined for other text. */
export function parseEnvReference(reference: string): string | undefined {
  return /^env:([A-Za-z_][A-Za-z0-9_]{0,127})$/.exec(reference)?.[1];
}

/** True for a reference to a token; false for other text, which may be a token itself. */
export function isTokenReference(text: string): text is TokenReference {
  return parseEnvReference(text) !== undefined || parseReference(text) !== undefined;
}

/** Parameter Store: up to 15 levels of letters, digits, `.`, `-`, `_`; names that begin with aws or ssm are AWS's own. */
const parameter = /^(?!\/?(aws|ssm))(?=.{1,1011}$)(\/?[A-Za-z0-9_.-]+|(\/[A-Za-z0-9_.-]+){1,15})$/i;
/** Secrets Manager: up to 512 letters, digits and `/_+=.@-`; an optional key after `#`. */
const secret = /^([A-Za-z0-9/_+=.@-]{1,512})(?:#([^\p{Cc}#]{1,256}))?$/u;

/** Parses a reference; undefined for other text. */
export function parseReference(reference: string): ParsedReference | undefined {
  if (reference.startsWith('ssm:')) {
    const name = reference.slice('ssm:'.length);
    return parameter.test(name) ? { source: 'ssm', name } : undefined;
  }
  const [, name, key] = (reference.startsWith('secretsmanager:') && secret.exec(reference.slice(15))) || [];
  if (name === undefined) return undefined;
  return { source: 'secretsmanager', name, ...(key !== undefined && { key }) };
}

/** The unique names of references in one of the two stores. */
export function namesIn(source: ParsedReference['source'], references: readonly string[]): string[] {
  const parsed = references.map(parseReference);
  return [...new Set(parsed.flatMap((one) => (one?.source === source ? [one.name] : [])))];
}

/** A reference as printed: `Parameter Store /shop/stripe-key`. */
export function describeReference(reference: string): string {
  const variable = parseEnvReference(reference);
  if (variable !== undefined) return `variable ${variable}`;
  const parsed = parseReference(reference);
  if (!parsed) return reference;
  if (parsed.source === 'ssm') return `Parameter Store ${parsed.name}`;
  return `Secrets Manager ${parsed.name}${parsed.key === undefined ? '' : `, key ${parsed.key}`}`;
}

/** Names that the pipeline itself sets for a service, or that influence which programs run. */
const reserved = ['HOST', 'PORT', 'LISTEN_FD', 'PIPELINE_STAGING', 'PATH', 'LD_PRELOAD', 'LD_LIBRARY_PATH'];

/** True for a valid name of a secret in the environment of the service. */
export function isSecretName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) && !reserved.includes(name);
}

export const secretNameRule = `a name of an environment variable: a letter or _, then up to 127 letters, digits and _; not ${reserved.join(', ')}`;

const secretLooking = /(^|_)(key|token|passwd|password|passphrase|secret|credentials?)$/i;
/** Settings with such an ending that are not secrets. */
const harmless = /(^|_)(public_key|key_name|primary_key)$/i;

/**
 * Paths in `ansible.variables` that are named like a secret, such as `env.STRIPE_KEY`. Their values end up in the
 * image, as plays write them into files.
 */
export function secretLookingVariables(variables: unknown): string[] {
  return keysOf(variables, [])
    .filter(({ key, value }) => {
      const isText = (typeof value === 'string' && value !== '') || typeof value === 'number';
      return isText && secretLooking.test(key) && !harmless.test(key);
    })
    .map(({ path }) => path.join('.'));
}

/** Names of secrets that are also in `ansible.variables`, at any depth, with their paths. */
export function namedTwice(
  secrets: Readonly<Record<string, unknown>>,
  variables: unknown,
): { name: string; path: string[] }[] {
  return keysOf(variables, [])
    .filter(({ key }) => Object.hasOwn(secrets, key))
    .map(({ key, path }) => ({ name: key, path }));
}

function keysOf(value: unknown, path: string[]): { key: string; path: string[]; value: unknown }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    { key, path: [...path, key], value: inner },
    ...keysOf(inner, [...path, key]),
  ]);
}
