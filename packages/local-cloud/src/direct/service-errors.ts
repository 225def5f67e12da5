import { NormalizedSchema, TypeRegistry } from '@smithy/core/schema';
import { type CloudError, CutConnection } from '../wire/handler.ts';

/** The errors of a service that the SDK has classes for. */
export type ErrorRegistry = Pick<TypeRegistry, 'find' | 'getErrorCtor'>;

/**
 * The registry of a client's errors: the client's own, as this package may have been bundled with a copy of `@smithy/core` in which no
 * client has registered anything. Elsewhere the one of the namespace, e.g. `com.amazonaws.autoscaling`.
 */
export function errorRegistry(protocol: object | undefined, namespace: string): ErrorRegistry {
  const own = protocol && 'compositeErrorRegistry' in protocol ? protocol.compositeErrorRegistry : undefined;
  return isRegistry(own) ? own : TypeRegistry.for(namespace);
}

function isRegistry(value: unknown): value is ErrorRegistry {
  return typeof value === 'object' && value !== null && 'find' in value && 'getErrorCtor' in value;
}

/** What the SDK says of a call that has failed. */
interface Facts {
  errors: ErrorRegistry;
  requestId: string;
  attempts: number;
}

/**
 * A refusal as the SDK's client gives it to its caller: an error of the service's own class where the model knows the code
 * (`InstanceRefreshInProgress` is an `InstanceRefreshInProgressFault`), named after the code elsewhere; for a connection that was cut, what
 * Node says of it.
 */
export function serviceError(error: CloudError | CutConnection, { errors, requestId, attempts }: Facts): Error {
  if (error instanceof CutConnection) {
    return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: { attempts } });
  }
  const { code: Code, message, status } = error;
  const { name, made } = modeled(errors, Code) ?? { name: Code, made: new Error() };
  const $fault = status < 500 ? 'client' : 'server';
  const $metadata = { httpStatusCode: status, requestId, attempts };
  return Object.assign(made, { name, message, Code, $fault, $metadata });
}

function modeled(registry: ErrorRegistry, code: string): { name: string; made: Error } | undefined {
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
