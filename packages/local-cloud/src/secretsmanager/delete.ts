import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { invalidParameter, invalidRequest } from './errors.ts';
import type { SecretStore } from './store.ts';

const day = 86_400_000;
const usualDays = 30;

interface DeleteInput {
  SecretId: string;
  RecoveryWindowInDays?: number;
  ForceDeleteWithoutRecovery?: boolean;
}

/** DeleteSecret and RestoreSecret. */
export function deleteHandlers(store: SecretStore): HandlerTable {
  const { clock, changed } = store.context;
  return {
    DeleteSecret: (input: DeleteInput) => {
      const { SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force = false } = input;
      if (force && days !== undefined) {
        throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
      }
      if (days !== undefined && (days < 7 || days > 30)) {
        throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
      }
      const record = find(store, SecretId, force);
      const now = clock.now();
      // What is not there is deleted already, for those who do not want it back.
      if (!record) return { ARN: SecretId, Name: SecretId, DeletionDate: new Date(now) };
      if (!force && record.deletedAt !== undefined) {
        throw invalidRequest(
          "You can't perform this operation on the secret because it was already scheduled for deletion.",
        );
      }
      const { arn, name } = record;
      if (force) {
        delete store.all[name];
        changed();
        return { ARN: arn, Name: name, DeletionDate: new Date(now) };
      }
      record.deletedAt = now;
      record.goneAt = now + (days ?? usualDays) * day;
      changed();
      return { ARN: arn, Name: name, DeletionDate: new Date(record.goneAt) };
    },
    RestoreSecret: ({ SecretId }: { SecretId: string }) => {
      const record = store.get(SecretId);
      record.deletedAt = undefined;
      record.goneAt = undefined;
      changed();
      return { ARN: record.arn, Name: record.name };
    },
  };
}

function find(store: SecretStore, id: string, mayBeGone: boolean) {
  try {
    return store.get(id);
  } catch (error) {
    if (mayBeGone && error instanceof CloudError) return undefined;
    throw error;
  }
}
