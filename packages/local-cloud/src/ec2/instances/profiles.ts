import type {
  AssociateIamInstanceProfileRequest,
  AssociateIamInstanceProfileResult,
  DescribeIamInstanceProfileAssociationsRequest,
  DescribeIamInstanceProfileAssociationsResult,
  DisassociateIamInstanceProfileRequest,
  DisassociateIamInstanceProfileResult,
  IamInstanceProfileAssociation,
  IamInstanceProfileSpecification,
  ReplaceIamInstanceProfileAssociationRequest,
  ReplaceIamInstanceProfileAssociationResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { derivedId, newId } from '../../ids.ts';
import type { InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, missing } from '../errors.ts';
import { applyFilters } from '../filters.ts';
import { paginate } from '../pagination.ts';
import { findInstance } from './lookup.ts';

type Profile = Pick<InstanceRecord, 'iamInstanceProfile' | 'iamInstanceProfileId'>;

/**
 * The profile that a launch or an association names; nothing when it names none.
 * @throws CloudError as EC2 refuses a profile that is not there, or has no role
 */
export function profileOf(
  { profiles }: Pick<CloudContext, 'profiles'>,
  named: IamInstanceProfileSpecification | undefined,
): Profile {
  const { Arn, Name } = named ?? {};
  if (!Arn && !Name) return {};
  if (Arn && Name)
    throw invalidCombination(
      "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    );
  if (!profiles) return { iamInstanceProfile: Arn || `arn:aws:iam::${account.id}:instance-profile/${Name}` };
  const found = profiles.find({ Arn, Name });
  if (!found) {
    const [what, kind] = Arn ? ['arn', 'ARN'] : ['name', 'name'];
    throw invalidValue(
      `Value (${Arn || Name}) for parameter iamInstanceProfile.${what} is invalid. Invalid IAM Instance Profile ${kind}`,
    );
  }
  if (!found.hasRole) throw invalidValue(`IAM Instance Profile "${found.arn}" has no associated IAM Roles`);
  return { iamInstanceProfile: found.arn, iamInstanceProfileId: found.id };
}

/** Which instance has which instance profile. */
export function profileHandlers(context: CloudContext): HandlerTable {
  const { state, clock } = context;
  const having = () =>
    Object.values(state.instances).filter((one) => one.state !== 'terminated' && one.iamInstanceProfile);
  const find = (id: string | undefined): InstanceRecord => {
    if (!id) throw missing('AssociationId');
    const found = having().find((one) => associationId(one) === id);
    if (!found) {
      throw new CloudError('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`);
    }
    return found;
  };
  const set = (record: InstanceRecord, profile: Profile) => {
    record.iamInstanceProfile = profile.iamInstanceProfile;
    record.iamInstanceProfileId = profile.iamInstanceProfileId;
    record.iamAssociationId = newId('iip-assoc');
    context.changed();
    return { ...toAssociation(record, 'associating'), Timestamp: new Date(clock.now()) };
  };
  return {
    DescribeIamInstanceProfileAssociations: (
      input: DescribeIamInstanceProfileAssociationsRequest,
    ): DescribeIamInstanceProfileAssociationsResult => {
      const ids = input.AssociationIds ?? [];
      const asked = ids.length > 0 ? ids.map(find) : having();
      const kept = applyFilters(asked, input.Filters, { 'instance-id': (one) => one.id, state: () => 'associated' });
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.id);
      return {
        IamInstanceProfileAssociations: page.items.map((one) => toAssociation(one, 'associated')),
        NextToken: page.nextToken,
      };
    },
    AssociateIamInstanceProfile: (input: AssociateIamInstanceProfileRequest): AssociateIamInstanceProfileResult => {
      const record = findInstance(state, input.InstanceId);
      const profile = profileOf(context, input.IamInstanceProfile);
      if (!profile.iamInstanceProfile) throw missing('IamInstanceProfile');
      if (record.iamInstanceProfile) {
        throw new CloudError('IncorrectState', `There is an existing association for instance ${record.id}`);
      }
      return { IamInstanceProfileAssociation: set(record, profile) };
    },
    ReplaceIamInstanceProfileAssociation: (
      input: ReplaceIamInstanceProfileAssociationRequest,
    ): ReplaceIamInstanceProfileAssociationResult => {
      const record = find(input.AssociationId);
      const profile = profileOf(context, input.IamInstanceProfile);
      if (!profile.iamInstanceProfile) throw missing('IamInstanceProfile');
      return { IamInstanceProfileAssociation: set(record, profile) };
    },
    DisassociateIamInstanceProfile: (
      input: DisassociateIamInstanceProfileRequest,
    ): DisassociateIamInstanceProfileResult => {
      const record = find(input.AssociationId);
      const association = toAssociation(record, 'disassociating');
      record.iamInstanceProfile = undefined;
      record.iamInstanceProfileId = undefined;
      record.iamAssociationId = undefined;
      context.changed();
      return { IamInstanceProfileAssociation: association };
    },
  };
}

/** One that came with the launch has an id that follows from the instance's. */
function associationId({ id, iamAssociationId }: InstanceRecord): string {
  return iamAssociationId ?? derivedId('iip-assoc', id);
}

function toAssociation(
  record: InstanceRecord,
  State: IamInstanceProfileAssociation['State'],
): IamInstanceProfileAssociation {
  const { id, iamInstanceProfile: Arn, iamInstanceProfileId: Id } = record;
  return { AssociationId: associationId(record), InstanceId: id, IamInstanceProfile: { Arn, Id }, State };
}
