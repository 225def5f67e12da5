import { NormalizedSchema, TypeRegistry } from '@smithy/core/schema';
import { type CloudError, CutConnection } from '../wire/handler.ts';

/** What the SDK says of a call that has failed. */
interface Facts {
  /** The SDK's name for the service's shapes, e.g. `com.amazonaws.autoscaling`. */
  namespace: string;
  requestId: string;
  attempts: number;
}

/**
 * A refusal as the SDK's client gives it to its caller: an error of the service's own class where the model knows the code
 * (`InstanceRefreshInProgress` is an `InstanceRefreshInProgressFault`), named after the code elsewhere; for a connection that was cut, what
 * Node says of it.
 */
export function serviceError(error: CloudError | CutConnection, { namespace, requestId, attempts }: Facts): Error {
  if (error instanceof CutConnection) {
    return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: { attempts } });
  }
  const { code: Code, message, status } = error;
  const { name, made } = modelled(namespace, Code) ?? { name: Code, made: new Error() };
  const $fault = status < 500 ? 'client' : 'server';
  const $metadata = { httpStatusCode: status, requestId, attempts };
  return Object.assign(made, { name, message, Code, $fault, $metadata });
}

function modelled(namespace: string, code: string): { name: string; made: Error } | undefined {
  const registry = TypeRegistry.for(namespace);
  const isError = (one: NormalizedSchema) => 'error' in one.getMergedTraits();
  const queryCode = (one: NormalizedSchema) =>
    (one.getMergedTraits().awsQueryError as [string, number] | undefined)?.[0];
  const find = (fits: (one: NormalizedSchema) => boolean) =>
    registry.find((schema) => {
      const one = NormalizedSchema.of(schema);
      return isError(one) && fits(one);
    });
  // Several errors of a service may share a code; the one of that name is meant then.
  const schema = find((one) => one.getName() === code) ?? find((one) => queryCode(one) === code);
  const Made = schema && registry.getErrorCtor(schema as never);
  return Made && { name: NormalizedSchema.of(schema).getName() ?? code, made: new Made({}) };
}
