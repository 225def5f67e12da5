import { PipelineError } from '@golden-pipeline/shared/errors';

/**
 * The service's error code (`InvalidAMIID.NotFound`, `ValidationError` ...) of an SDK error, wrapped in a PipelineError
 * or not.
 */
export function awsCode(error: unknown): string | undefined {
  const raw = error instanceof PipelineError && error.cause ? error.cause : error;
  if (!(raw instanceof Error)) return undefined;
  const code = (raw as { Code?: unknown; code?: unknown }).Code ?? raw.name;
  return typeof code === 'string' ? code : undefined;
}

/**
 * True for codes that mean that the resource does not exist (`InvalidAMIID.NotFound`, `TargetGroupNotFoundException`
 * ...).
 */
export function isNotFound(error: unknown): boolean {
  return /NotFound/.test(awsCode(error) ?? '');
}

/** Fixes for the errors that the user can correct at once, by code. */
const fixes: Record<string, string> = {
  CredentialsProviderError:
    'set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with your SSO tool',
  AuthFailure: 'check the credentials and the region',
  InvalidClientTokenId: 'check the credentials and the region',
  SignatureDoesNotMatch: 'check the secret access key and the clock of this computer',
  RequestExpired: 'the session has expired: log in again; or the clock of this computer is wrong',
  ExpiredToken: 'the session has expired: log in again',
  UnauthorizedOperation: 'add the permission that the message names to the role',
  AccessDenied: 'add the permission that the message names to the role',
  RequestLimitExceeded: 'the account is throttled; try again in a minute',
  Throttling: 'the account is throttled; try again in a minute',
  ECONNREFUSED: 'check the endpoint, and that the local cloud is running: pipeline local status',
  ENOTFOUND: 'the endpoint has no address: check the region and the network',
};

/** Any failure of an SDK call as a PipelineError for the user. The cause stays attached for {@link awsCode}. */
export function toPipelineError(error: unknown, operation: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const code = awsCode(error) ?? 'Unknown';
  const network = (error as { code?: string } | undefined)?.code;
  const message = error instanceof Error && error.message ? error.message : String(error);
  return new PipelineError(`aws.${code}`, `${operation} failed: ${message} (${network ?? code})`, {
    fix: fixes[network ?? ''] ?? fixes[code],
    cause: error,
  });
}
