import type { CloudContext } from '../context.ts';
import {
  type IamState,
  type InstanceProfileRecord,
  type ManagedPolicyRecord,
  type RoleRecord,
  table,
} from '../model.ts';
import { noSuchEntity } from './errors.ts';
import { arnOf } from './names.ts';

/** What IAM is built on: the records of the home region, where the account's own are kept. */
export type IamContext = Pick<CloudContext, 'state' | 'clock' | 'changed'>;

/** The records of IAM. */
export class IamStore {
  readonly #state: IamState;
  readonly #context: IamContext;

  constructor(context: IamContext) {
    this.#context = context;
    const { iam } = context.state;
    // Tables of a file have a prototype, and callers choose the names they ask for.
    this.#state = {
      roles: table({ ...iam?.roles }),
      instanceProfiles: table({ ...iam?.instanceProfiles }),
      policies: table({ ...iam?.policies }),
    };
    context.state.iam = this.#state;
  }

  get roles(): IamState['roles'] {
    return this.#state.roles;
  }

  get instanceProfiles(): IamState['instanceProfiles'] {
    return this.#state.instanceProfiles;
  }

  get policies(): IamState['policies'] {
    return this.#state.policies;
  }

  now(): number {
    return this.#context.clock.now();
  }

  changed(): void {
    this.#context.changed();
  }

  /** @throws CloudError `NoSuchEntity` */
  role(name: string): RoleRecord {
    const found = this.roles[name];
    if (!found) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return found;
  }

  /** @throws CloudError `NoSuchEntity` */
  instanceProfile(name: string): InstanceProfileRecord {
    const found = this.instanceProfiles[name];
    if (!found) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
    return found;
  }

  /** @throws CloudError `NoSuchEntity` */
  policy(arn: string): ManagedPolicyRecord {
    const found = this.policies[arn];
    if (!found) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
    return found;
  }

  roleByArn(arn: string): RoleRecord | undefined {
    const found = this.roles[arn.slice(arn.lastIndexOf('/') + 1)];
    return found && arnOf('role', found) === arn ? found : undefined;
  }

  roleById(id: string): RoleRecord | undefined {
    return Object.values(this.roles).find((one) => one.id === id);
  }

  profileByArn(arn: string): InstanceProfileRecord | undefined {
    const found = this.instanceProfiles[arn.slice(arn.lastIndexOf('/') + 1)];
    return found && arnOf('instance-profile', found) === arn ? found : undefined;
  }
}
