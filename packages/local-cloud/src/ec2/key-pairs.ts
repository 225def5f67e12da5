import type {
  CreateKeyPairRequest,
  DeleteKeyPairRequest,
  DeleteKeyPairResult,
  DescribeKeyPairsRequest,
  DescribeKeyPairsResult,
  ImportKeyPairRequest,
  ImportKeyPairResult,
  KeyPair,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import { newId } from '../ids.ts';
import type { KeyPairRecord } from '../model.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { invalidValue, required } from './errors.ts';
import { applyFilters } from './filters.ts';
import { makeKeyPair, readPublicKey } from './key-material.ts';
import { tagList, tagsFor } from './tag-shapes.ts';

/** Key pairs. The cloud keeps public keys only; a private key leaves with the answer that made it. */
export function keyPairHandlers(context: CloudContext): HandlerTable {
  const { state, clock } = context;
  const byName = (name: string) => Object.values(state.keyPairs).find((one) => one.name === name);
  const freeName = (name: string | undefined): string => {
    const wanted = required(name, 'KeyName');
    if (wanted.length > 255 || /[^\x20-\x7e]/.test(wanted)) throw invalidValue(`Invalid key pair name '${wanted}'`);
    if (byName(wanted)) throw new CloudError('InvalidKeyPair.Duplicate', `The keypair '${wanted}' already exists.`);
    return wanted;
  };
  const add = (record: Omit<KeyPairRecord, 'id' | 'createdAt'>): KeyPairRecord => {
    const added = { id: newId('key'), createdAt: clock.now(), ...record };
    state.keyPairs[added.id] = added;
    context.changed();
    return added;
  };
  return {
    CreateKeyPair: async (input: CreateKeyPairRequest): Promise<KeyPair> => {
      const name = freeName(input.KeyName);
      const type = input.KeyType ?? 'rsa';
      if (type !== 'rsa' && type !== 'ed25519') throw invalidValue(`Invalid value '${type}' for KeyType.`);
      if (input.KeyFormat && input.KeyFormat !== 'pem')
        throw invalidValue(`Key format '${input.KeyFormat}' is not offered here: use pem`);
      const tags = tagsFor(input.TagSpecifications, 'key-pair', ['key-pair']);
      const material = await makeKeyPair(type, name);
      freeName(name); // somebody may have taken it while the key was made
      const { publicKey, fingerprint } = material;
      const record = add({ name, publicKey, fingerprint, keyType: type, tags });
      return {
        KeyPairId: record.id,
        KeyName: name,
        KeyFingerprint: fingerprint,
        KeyMaterial: material.privateKey,
        Tags: tagList(tags),
      };
    },
    ImportKeyPair: (input: ImportKeyPairRequest): ImportKeyPairResult => {
      const name = freeName(input.KeyName);
      const material = Buffer.from(required(input.PublicKeyMaterial, 'PublicKeyMaterial')).toString('utf8');
      const key = readPublicKey(material);
      if (!key) throw new CloudError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
      const tags = tagsFor(input.TagSpecifications, 'key-pair', ['key-pair']);
      const record = add({ name, publicKey: key.publicKey, fingerprint: key.fingerprint, keyType: key.type, tags });
      return { KeyPairId: record.id, KeyName: name, KeyFingerprint: key.fingerprint, Tags: tagList(tags) };
    },
    DescribeKeyPairs: (input: DescribeKeyPairsRequest): DescribeKeyPairsResult => {
      const all = Object.values(state.keyPairs);
      const names = input.KeyNames ?? [];
      const ids = input.KeyPairIds ?? [];
      const lost = names.find((name) => !byName(name)) ?? ids.find((id) => !state.keyPairs[id]);
      if (lost !== undefined) throw new CloudError('InvalidKeyPair.NotFound', `The key pair '${lost}' does not exist`);
      const asked =
        names.length + ids.length > 0 ? all.filter((one) => names.includes(one.name) || ids.includes(one.id)) : all;
      const kept = applyFilters(
        asked,
        input.Filters,
        { 'key-name': (one) => one.name, 'key-pair-id': (one) => one.id, fingerprint: (one) => one.fingerprint },
        (one) => one.tags,
      );
      return {
        KeyPairs: kept.map((one) => ({
          KeyPairId: one.id,
          KeyName: one.name,
          KeyType: one.keyType ?? 'rsa',
          KeyFingerprint: one.fingerprint,
          PublicKey: input.IncludePublicKey ? one.publicKey : undefined,
          CreateTime: new Date(one.createdAt),
          Tags: tagList(one.tags),
        })),
      };
    },
    /** A key pair that does not exist is not an error, as in EC2. */
    DeleteKeyPair: (input: DeleteKeyPairRequest): DeleteKeyPairResult => {
      if (!input.KeyName && !input.KeyPairId) required(input.KeyName, 'KeyName');
      const record = input.KeyPairId ? state.keyPairs[input.KeyPairId] : byName(input.KeyName ?? '');
      if (record) delete state.keyPairs[record.id];
      context.changed();
      return { Return: true, KeyPairId: record?.id };
    },
  };
}
