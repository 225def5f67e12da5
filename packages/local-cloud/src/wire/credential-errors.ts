import { CloudError } from './handler.ts';

/** Services that speak AWS JSON alone have codes of their own for refused signatures. */
const jsonServices = new Set(['ssm', 'secretsmanager']);

/** An access key, or a session token, that is not known here. */
export function unknownKey(service: string): CloudError {
  if (service === 'ec2') {
    const message = 'AWS was not able to validate the provided access credentials';
    return new CloudError('AuthFailure', message, 401);
  }
  const message = 'The security token included in the request is invalid.';
  if (jsonServices.has(service)) return new CloudError('UnrecognizedClientException', message);
  return new CloudError('InvalidClientTokenId', message, 403);
}

/** Temporary credentials whose time is over. */
export function expiredSession(service: string): CloudError {
  if (service === 'ec2') return new CloudError('RequestExpired', 'Request has expired.');
  const message = 'The security token included in the request is expired';
  if (jsonServices.has(service)) return new CloudError('ExpiredTokenException', message);
  return new CloudError('ExpiredToken', message, 403);
}

/** A signature that is not that of the request. */
export function mismatch(service: string, message: string): CloudError {
  if (jsonServices.has(service)) return new CloudError('InvalidSignatureException', message);
  return new CloudError('SignatureDoesNotMatch', message, 403);
}
