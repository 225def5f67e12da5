import { CloudError } from './handler.ts';
import { isServiceName, operations } from './operations.ts';

/** Services that answer their requests themselves, beside those of the tables. */
const others = ['s3', 'servicequotas'];

/**
 * What answers a request that is signed for a service which this cloud does not have: no retry makes it served, so it is not a 503.
 * @param service Of the signature's scope; empty for a request without one.
 */
export function absentService(service: string): CloudError | undefined {
  if (service === '' || isServiceName(service) || others.includes(service)) return undefined;
  const served = [...Object.keys(operations), ...others].sort().join(', ');
  const message = `The local cloud does not have the service '${service.slice(0, 100)}'. It has ${served}.`;
  return new CloudError('NotImplemented', message, 501);
}

/** The refusal as services answer it that speak JSON with paths of their own (REST). */
export function restError(error: CloudError): { document: string; headers: Record<string, string> } {
  return {
    document: JSON.stringify({ __type: error.code, message: error.message }),
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
  };
}
