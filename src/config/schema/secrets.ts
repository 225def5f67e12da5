import { z } from 'zod';
import { isSecretName, parseReference, type SecretReference, secretNameRule } from '../secrets.ts';

const expected =
  "ssm('/shop/production/stripe-key'), secretsManager('shop/db') or secretsManager('shop/db', 'password'): a name, not an ARN and not the value itself";

/** Reference to a secret. */
export const secretReference = () =>
  z.custom<SecretReference>((value) => typeof value === 'string' && parseReference(value) !== undefined, {
    error: expected,
  });

/**
 * Secrets of the service by the name of their environment variable. References only, as a value would be in the
 * repository.
 */
export const secretsSection = z
  .record(z.string().refine(isSecretName, { error: secretNameRule }), secretReference(), {
    error: "names with ssm('...') or secretsManager('...') in { }",
  })
  .describe(
    'Secrets of the service by environment variable. Each host reads the values itself, by the role of its instance profile, into `/run` (docs/secrets.md); an environment may override each name.',
  );
