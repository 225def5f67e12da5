import type { SecretRecord } from '../model.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { alreadyThere, invalidParameter, invalidRequest, notFound } from './errors.ts';
import { checkName, isRepeated, readValue, type TagInput, type ValueInput, versionId, withTags } from './input.ts';
import { addVersion, checkStages, current, moveStage } from './stages.ts';
import type { SecretStore } from './store.ts';

type Meta = { Description?: string; KmsKeyId?: string; Type?: string; Tags?: TagInput };
type Named = { SecretId: string };

/** Secrets are made and changed. */
export function writeHandlers(store: SecretStore): HandlerTable {
  const { clock, changed } = store.context;
  const touch = (record: SecretRecord) => {
    record.changedAt = clock.now();
    changed();
  };
  /** Adds the request's value as a version, unless it is there already; the version's id. */
  const put = (record: SecretRecord, input: ValueInput, stages: string[] = [current]): string => {
    const value = readValue(input);
    if (!value) throw invalidParameter('You must provide either SecretString or SecretBinary.');
    checkStages(stages);
    const id = versionId(input);
    if (isRepeated(record, id, value)) return id;
    addVersion(record, { id, ...value, stages: [], createdAt: clock.now() }, stages);
    touch(record);
    return id;
  };
  return {
    CreateSecret: (input: ValueInput & Meta & { Name: string; AddReplicaRegions?: unknown[] }) => {
      const name = checkName(input.Name);
      if (input.AddReplicaRegions?.length) {
        throw invalidParameter('Replicas in other regions are not served by the local cloud.');
      }
      const value = readValue(input);
      const id = versionId(input);
      const present = store.all[name];
      if (present) {
        if (present.deletedAt !== undefined) {
          throw invalidRequest(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
          );
        }
        const same = value && present.versions.find((one) => one.id === id);
        if (same && same.text === value.text && same.bytes === value.bytes) return created(present, id);
        throw alreadyThere(`The operation failed because the secret ${name} already exists.`);
      }
      const now = clock.now();
      const record: SecretRecord = {
        ...{ name, arn: store.newArn(name), description: input.Description, keyId: input.KmsKeyId, type: input.Type },
        ...{ createdAt: now, changedAt: now, versions: [], tags: withTags({}, input.Tags) },
      };
      if (value) addVersion(record, { id, ...value, stages: [], createdAt: now }, [current]);
      store.all[name] = record;
      changed();
      return created(record, value && id);
    },
    UpdateSecret: (input: ValueInput & Meta & Named) => {
      const record = store.live(input.SecretId);
      const id = readValue(input) && put(record, input);
      record.description = input.Description ?? record.description;
      record.keyId = input.KmsKeyId ?? record.keyId;
      record.type = input.Type ?? record.type;
      touch(record);
      return created(record, id);
    },
    PutSecretValue: (input: ValueInput & Named & { VersionStages?: string[] }) => {
      const record = store.live(input.SecretId);
      const id = put(record, input, input.VersionStages);
      return { ...created(record, id), VersionStages: store.version(record, { VersionId: id }).stages };
    },
    UpdateSecretVersionStage: (
      input: Named & { VersionStage: string; RemoveFromVersionId?: string; MoveToVersionId?: string },
    ) => {
      const record = store.live(input.SecretId);
      const { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to } = input;
      checkStages([stage]);
      const target = to === undefined ? undefined : record.versions.find((one) => one.id === to);
      if (to !== undefined && !target) throw notFound();
      const holder = record.versions.find(({ stages }) => stages.includes(stage));
      if (from !== undefined && holder?.id !== from) {
        throw invalidParameter(`The staging label ${stage} isn't currently attached to version ${from}.`);
      }
      if (from === undefined && holder && holder !== target) {
        throw invalidParameter(
          `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
        );
      }
      if (!target && stage === current)
        throw invalidParameter(`You can't remove the staging label ${current}, only move it.`);
      moveStage(record, stage, target);
      touch(record);
      return created(record);
    },
    TagResource: ({ SecretId, Tags }: Named & { Tags: TagInput }) => {
      const record = store.live(SecretId);
      record.tags = withTags(record.tags, Tags);
      changed();
    },
    UntagResource: ({ SecretId, TagKeys }: Named & { TagKeys: string[] }) => {
      const record = store.live(SecretId);
      record.tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key)));
      changed();
    },
  };
}

function created({ arn, name }: SecretRecord, VersionId?: string) {
  return { ARN: arn, Name: name, VersionId };
}
