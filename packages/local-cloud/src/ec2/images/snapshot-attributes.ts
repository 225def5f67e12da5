import type {
  DescribeSnapshotAttributeRequest,
  DescribeSnapshotAttributeResult,
  ModifySnapshotAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue, missing, required } from '../errors.ts';
import { findSnapshot } from './lookup.ts';
import { permitted, readPermissions, toPermissions } from './permissions.ts';

/** Who may make volumes of a snapshot besides its owner. */
export function snapshotAttributeHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  return {
    ModifySnapshotAttribute: (input: ModifySnapshotAttributeRequest): void => {
      const snapshot = findSnapshot(state, input.SnapshotId);
      const { CreateVolumePermission: change, OperationType, UserIds, GroupNames: Groups } = input;
      const attribute: string | undefined = input.Attribute;
      if (attribute && attribute !== 'createVolumePermission') {
        throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. It cannot be modified.`);
      }
      if (!change && !OperationType) throw missing('CreateVolumePermission or OperationType');
      const permissions = readPermissions({ change, OperationType, UserIds, Groups });
      if (snapshot.encrypted && permissions.add.includes('all')) {
        throw new CloudError('OperationNotPermitted', `The encrypted snapshot '${snapshot.id}' cannot be made public.`);
      }
      snapshot.createVolumePermissions = permitted(snapshot.createVolumePermissions, permissions);
      context.changed();
    },
    DescribeSnapshotAttribute: (input: DescribeSnapshotAttributeRequest): DescribeSnapshotAttributeResult => {
      const snapshot = findSnapshot(state, input.SnapshotId);
      const attribute: string = required(input.Attribute, 'Attribute');
      if (attribute === 'productCodes') return { SnapshotId: snapshot.id, ProductCodes: [] };
      if (attribute === 'createVolumePermission') {
        return { SnapshotId: snapshot.id, CreateVolumePermissions: toPermissions(snapshot.createVolumePermissions) };
      }
      throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
    },
  };
}
