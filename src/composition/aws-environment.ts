import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { AwsTarget } from '../aws/clients.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** See https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html; `auto` is of the SDK for JavaScript, too. */
const defaultsModes = ['in-region', 'cross-region', 'mobile', 'standard', 'legacy', 'auto'] as const;
const flags = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] as const;

/**
 * The settings for clients of AWS that the SDK would read from the environment, checked first: it ignores some wrong
 * values, and a wrong mode ends the process.
 * @throws usage error `aws.environment` with the variable, its value and the fix
 */
export function awsSettings(env: Environment): Pick<AwsTarget, 'defaultsMode'> {
  for (const name of Object.keys(env)
    .filter((one) => /^AWS_ENDPOINT_URL(_|$)/.test(one))
    .sort()) {
    if (env[name]) endpointOf(name, env[name]);
  }
  for (const name of flags) {
    const value = env[name];
    if (value && !/^(true|false)$/i.test(value)) throw wrong(name, value, 'true or false');
  }
  const given = env.AWS_DEFAULTS_MODE;
  // A profile may name one.
  if (!given) return {};
  const defaultsMode = defaultsModes.find((mode) => mode === given.trim().toLowerCase());
  if (defaultsMode === undefined) throw wrong('AWS_DEFAULTS_MODE', given, defaultsModes.join(', '));
  return { defaultsMode };
}

/**
 * The endpoint in `AWS_ENDPOINT_URL` for a local environment, if there is one. The local cloud is on loopback; calls
 * of a local environment go nowhere else.
 * @throws usage error `aws.environment`
 */
export function localEndpoint(env: Environment): string | undefined {
  const given = env.AWS_ENDPOINT_URL;
  if (!given) return undefined;
  const { hostname } = endpointOf('AWS_ENDPOINT_URL', given);
  if (/^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return given;
  throw wrong('AWS_ENDPOINT_URL', given, 'the local cloud, on loopback, as the environment is local');
}

function endpointOf(name: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw wrong(name, value, 'a URL such as http://127.0.0.1:4566');
}

function wrong(name: string, value: string, expected: string): PipelineError {
  return usageError(
    'aws.environment',
    `${name} is ${show(value)}, expected ${expected}`,
    `correct ${name}, or unset it`,
  );
}
