import { createRedact, isSecretKey, type Redact } from '../shared/redact.ts';
import type { Fleet } from './settings.ts';

/** Variables of the environment whose values are secrets of the account. */
const inEnvironment = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/**
 * The redaction of everything that a command says and keeps about `fleet`: tools print values in shapes that nobody can list
 * (`mysql -phunter2`), so those that are known are hidden wherever they stand: what the configuration gives the plays under the name
 * of a secret, and the account's keys.
 */
export function redactionOf(
  fleet: { ansible?: Pick<Fleet['ansible'], 'variables'> },
  env: Readonly<Record<string, string | undefined>>,
): Redact {
  return createRedact(knownSecrets(fleet, env));
}

function knownSecrets(fleet: Parameters<typeof redactionOf>[0], env: Parameters<typeof redactionOf>[1]): string[] {
  const keys = inEnvironment.flatMap((name) => env[name] ?? []);
  return [...keys, ...secretsIn(fleet.ansible?.variables ?? {}, false)];
}

/** Texts and numbers below the names of secrets. */
function secretsIn(value: unknown, secret: boolean): string[] {
  if (typeof value === 'string' || typeof value === 'number') return secret ? [String(value)] : [];
  if (Array.isArray(value)) return value.flatMap((inner) => secretsIn(inner, secret));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, secret || isSecretKey(key)));
}
