import type { CloudState } from '../model.ts';
import { account } from '../settings.ts';
import { arnOf as parameterArn, readSelector } from '../ssm/names.ts';
import { type CallContext, CloudError } from '../wire/handler.ts';
import { isAllowed } from './permissions.ts';
import type { IamStore } from './store.ts';

/** Whether a call is one that its caller's policies allow. */
export interface Authorizer {
  /** @throws CloudError `AccessDeniedException` for a call of a role that its policies do not allow */
  check(call: CallContext, input: object): void;
  /** Whether the caller may do something to one thing, for calls about several. The account itself may do everything. */
  may(call: Pick<CallContext, 'identity'>, action: string, resource: string): boolean;
}

type Input = Record<string, unknown>;

/**
 * Enforces roles' policies where secrets are concerned, in Parameter Store and Secrets Manager. Elsewhere a role may do what the
 * account may.
 * @param stateOf the records of a region
 */
export function createAuthorizer(iam: IamStore, stateOf: (region: string) => CloudState | undefined): Authorizer {
  const may: Authorizer['may'] = ({ identity }, action, resource) => {
    if (identity?.role === undefined) return true;
    const role = iam.roles[identity.role];
    return role !== undefined && isAllowed(iam, role, action, resource);
  };
  return {
    may,
    check(call, input) {
      if (call.identity?.role === undefined) return;
      const { service, operation, region, identity } = call;
      const resources =
        service === 'ssm'
          ? parametersOf(input as Input, region)
          : service === 'secretsmanager'
            ? secretsOf(input as Input, region, stateOf(region))
            : [];
      const action = `${service}:${operation}`;
      const refused = resources.find((resource) => !may(call, action, resource));
      if (refused === undefined) return;
      throw new CloudError(
        'AccessDeniedException',
        `User: ${identity.arn} is not authorized to perform: ${action} on resource: ${refused} because no identity-based policy allows the ${action} action`,
      );
    },
  };
}

/** The ARNs of the parameters that a call is about; `*` for a call that is about none in particular. */
function parametersOf({ Name, Names, Path, ResourceId }: Input, region: string): string[] {
  const texts = [Name ?? Names ?? Path ?? ResourceId ?? []].flat().map(String);
  const arns = texts.map((text) => parameterArn(readSelector(text, region).name, region));
  return arns.length > 0 ? arns : ['*'];
}

/** A name that nothing has yet stands for an ARN with some ending. */
function secretsOf({ SecretId, Name }: Input, region: string, state: CloudState | undefined): string[] {
  const id = SecretId ?? Name;
  return id === undefined ? ['*'] : [secretArn(String(id), region, state)];
}

/** The ARN of the secret that a call names by its name or ARN. */
function secretArn(id: string, region: string, state: CloudState | undefined): string {
  const found = Object.values(state?.secrets ?? {}).find(
    ({ name, arn }) => name === id || arn === id || arn.slice(0, -7) === id,
  );
  return (
    found?.arn ?? (id.startsWith('arn:') ? id : `arn:aws:secretsmanager:${region}:${account.id}:secret:${id}-000000`)
  );
}
