import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLocalCloud } from '../../src/daemon/cloud.ts';
import { eachWithCloud } from '../clients/support.ts';
import { type JsonAnswer, secretsManager } from './client.ts';

const tokens = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32));
const token = (index: number) => tokens[index] ?? '';

describe('Secrets Manager', () => {
  const visit = eachWithCloud('secrets');
  const send = (operation: string, input: object): Promise<JsonAnswer> => secretsManager(visit.cloud, operation, input);

  it('SEC-VAL-01 keeps texts and bytes, found by name, ARN, and ARN without its ending', async () => {
    const made = await send('CreateSecret', {
      Name: 'shop/key',
      SecretString: 'sk_live_1',
      ClientRequestToken: token(0),
    });
    expect(made.ARN).toMatch(/^arn:aws:secretsmanager:eu-west-1:000000000000:secret:shop\/key-\w{6}$/);
    expect(made).toMatchObject({ Name: 'shop/key', VersionId: token(0) });
    for (const SecretId of ['shop/key', made.ARN, made.ARN.slice(0, -7)]) {
      expect(await send('GetSecretValue', { SecretId })).toMatchObject({
        ...{ Name: 'shop/key', SecretString: 'sk_live_1', VersionId: token(0), VersionStages: ['AWSCURRENT'] },
      });
    }
    await send('CreateSecret', { Name: 'bytes', SecretBinary: Buffer.from([0, 255]).toString('base64') });
    expect((await send('GetSecretValue', { SecretId: 'bytes' })).SecretBinary).toBe('AP8=');
    for (const SecretId of ['none', '__proto__', 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:none']) {
      expect(await send('GetSecretValue', { SecretId })).toMatchObject({ code: 'ResourceNotFoundException' });
    }
    await send('CreateSecret', { Name: 'empty' });
    expect((await send('GetSecretValue', { SecretId: 'empty' })).code).toBe('ResourceNotFoundException');
  });

  it('SEC-VAL-02 refuses wrong names, two values at once, long ones, and a name that is taken', async () => {
    const code = async (input: object) => (await send('CreateSecret', input)).code;
    expect(await code({ Name: 'a b' })).toBe('InvalidParameterException');
    expect(await code({ Name: 'x', SecretString: 'a', SecretBinary: 'AA==' })).toBe('InvalidParameterException');
    expect(await code({ Name: 'x', SecretString: 'a'.repeat(65_537) })).toBe('ValidationException');
    expect(await code({ Name: 'x', SecretString: 'a', ClientRequestToken: 'short' })).toBe('ValidationException');
    const first = { Name: 'x', SecretString: 'a', ClientRequestToken: token(0) };
    expect(await code(first)).toBeUndefined();
    // The same request once more is answered, another one refused.
    expect(await code(first)).toBeUndefined();
    expect(await code({ ...first, SecretString: 'b' })).toBe('ResourceExistsException');
    expect(await code({ Name: 'x', SecretString: 'a' })).toBe('ResourceExistsException');
  });

  it('SEC-VAL-03 moves stages: what was current is the previous one', async () => {
    await send('CreateSecret', { Name: 'a', SecretString: '1', ClientRequestToken: token(0) });
    const put = (SecretString: string, index: number, more: object = {}) =>
      send('PutSecretValue', { SecretId: 'a', SecretString, ClientRequestToken: token(index), ...more });
    const read = async (more: object = {}) => {
      const { SecretString, code } = await send('GetSecretValue', { SecretId: 'a', ...more });
      return SecretString ?? code;
    };
    expect(await put('2', 1)).toMatchObject({ VersionId: token(1), VersionStages: ['AWSCURRENT'] });
    expect([await read(), await read({ VersionStage: 'AWSPREVIOUS' })]).toEqual(['2', '1']);
    expect((await put('other', 1)).code).toBe('ResourceExistsException');
    expect((await put('2', 1)).VersionId).toBe(token(1));
    await put('3', 2, { VersionStages: ['AWSPENDING'] });
    expect([await read(), await read({ VersionStage: 'AWSPENDING' })]).toEqual(['2', '3']);
    const move = (more: object) =>
      send('UpdateSecretVersionStage', { SecretId: 'a', VersionStage: 'AWSCURRENT', ...more });
    expect((await move({ MoveToVersionId: token(2) })).code).toBe('InvalidParameterException');
    await move({ MoveToVersionId: token(2), RemoveFromVersionId: token(1) });
    expect([await read(), await read({ VersionStage: 'AWSPREVIOUS' })]).toEqual(['3', '2']);
    expect(await read({ VersionId: token(0) })).toBe('1');
    expect(await read({ VersionId: token(0), VersionStage: 'AWSCURRENT' })).toBe('InvalidRequestException');
    expect((await send('UpdateSecret', { SecretId: 'a', SecretString: '4', Description: 'x' })).code).toBeUndefined();
    expect(await read()).toBe('4');
    const { VersionIdsToStages } = await send('DescribeSecret', { SecretId: 'a' });
    expect(Object.values(VersionIdsToStages).flat().sort()).toEqual(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']);
  });

  it('SEC-VAL-04 gives twenty at once at the most, and says which it could not give', async () => {
    for (const Name of ['one', 'two']) await send('CreateSecret', { Name, SecretString: Name });
    const { SecretValues, Errors } = await send('BatchGetSecretValue', { SecretIdList: ['one', 'none', 'two'] });
    expect(SecretValues.map((one: JsonAnswer) => one.SecretString)).toEqual(['one', 'two']);
    expect(Errors).toMatchObject([{ SecretId: 'none', ErrorCode: 'ResourceNotFoundException' }]);
    const byName = await send('BatchGetSecretValue', { Filters: [{ Key: 'name', Values: ['tw'] }] });
    expect(byName.SecretValues).toMatchObject([{ Name: 'two', SecretString: 'two' }]);
    const many = Array.from({ length: 21 }, (_, index) => `s${index}`);
    expect((await send('BatchGetSecretValue', { SecretIdList: many })).code).toBe('ValidationException');
    expect((await send('BatchGetSecretValue', {})).code).toBe('InvalidParameterException');
  });

  it('SEC-VAL-05 keeps a deleted secret for its recovery window, and takes it back', async () => {
    await send('CreateSecret', { Name: 'a', SecretString: '1' });
    expect((await send('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 6 })).code).toBe(
      'InvalidParameterException',
    );
    const both = { SecretId: 'a', RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true };
    expect((await send('DeleteSecret', both)).code).toBe('InvalidParameterException');
    const { DeletionDate } = await send('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 7 });
    expect(DeletionDate - Date.now() / 1000).toBeGreaterThan(7 * 86_400 - 60);
    expect((await send('GetSecretValue', { SecretId: 'a' })).code).toBe('InvalidRequestException');
    expect((await send('CreateSecret', { Name: 'a', SecretString: '2' })).code).toBe('InvalidRequestException');
    expect((await send('ListSecrets', {})).SecretList).toEqual([]);
    expect((await send('ListSecrets', { IncludePlannedDeletion: true })).SecretList).toHaveLength(1);
    await send('RestoreSecret', { SecretId: 'a' });
    expect((await send('GetSecretValue', { SecretId: 'a' })).SecretString).toBe('1');
    await send('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true });
    expect((await send('DescribeSecret', { SecretId: 'a' })).code).toBe('ResourceNotFoundException');
    expect((await send('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true })).code).toBeUndefined();
  });

  it('SEC-VAL-06 lists the newest first, in pages, by name, tag and description', async () => {
    for (const Name of ['api/a', 'api/b', 'web/a']) {
      const Tags = [{ Key: 'app', Value: Name.slice(0, 3) }];
      await send('CreateSecret', { Name, SecretString: 'x', Description: `Of ${Name}`, Tags });
    }
    const list = async (more: object) =>
      (await send('ListSecrets', more)).SecretList?.map((one: JsonAnswer) => one.Name);
    expect(await list({})).toHaveLength(3);
    expect((await list({ Filters: [{ Key: 'name', Values: ['api/'] }] })).sort()).toEqual(['api/a', 'api/b']);
    expect(await list({ Filters: [{ Key: 'name', Values: ['!api/'] }] })).toEqual(['web/a']);
    expect(await list({ Filters: [{ Key: 'description', Values: ['of web'] }] })).toEqual(['web/a']);
    expect(await list({ Filters: [{ Key: 'tag-value', Values: ['web'] }] })).toEqual(['web/a']);
    expect((await send('ListSecrets', { Filters: [{ Key: 'nome', Values: ['x'] }] })).code).toBe('ValidationException');
    const first = await send('ListSecrets', { MaxResults: 2 });
    const rest = await list({ MaxResults: 2, NextToken: first.NextToken });
    expect([...first.SecretList.map((one: JsonAnswer) => one.Name), ...rest].sort()).toEqual([
      'api/a',
      'api/b',
      'web/a',
    ]);
    await send('UntagResource', { SecretId: 'web/a', TagKeys: ['app'] });
    await send('TagResource', { SecretId: 'web/a', Tags: [{ Key: 'team', Value: 'x' }] });
    expect((await send('DescribeSecret', { SecretId: 'web/a' })).Tags).toEqual([{ Key: 'team', Value: 'x' }]);
  });

  it('SEC-VAL-07 keeps values over a restart, in no record of calls and no refusal', async () => {
    const value = 'sk_live_in_no_log';
    await send('CreateSecret', { Name: 'a', SecretString: value, ClientRequestToken: token(0) });
    const refused = await send('PutSecretValue', {
      SecretId: 'a',
      SecretString: `${value}2`,
      ClientRequestToken: token(0),
    });
    expect(JSON.stringify(refused)).not.toContain(value);
    expect(JSON.stringify(visit.cloud.calls.report())).not.toContain(value);
    await visit.cloud.close();
    const dir = join(visit.dir, 'cloud');
    expect(await readFile(join(dir, 'state.json'), 'utf8')).toContain(value);
    visit.cloud = await startLocalCloud({ dir, driver: 'simulated' });
    expect((await send('GetSecretValue', { SecretId: 'a' })).SecretString).toBe(value);
    expect((await send('GetSecretValue', { SecretId: 'constructor' })).code).toBe('ResourceNotFoundException');
  });

  it('SEC-VAL-08 answers unknown operations and callers in the codes of AWS JSON', async () => {
    expect((await send('RotateSecret', { SecretId: 'a' })).code).toBe('UnknownOperationException');
    expect((await send('GetSecretValue', {})).code).toBe('ValidationException');
    const { endpoint, region, credentials } = visit.cloud;
    const as = async (who: object) =>
      (await secretsManager({ endpoint, region, credentials: { ...credentials, ...who } }, 'ListSecrets', {})).code;
    expect(await as({ secretAccessKey: 'wrong' })).toBe('InvalidSignatureException');
    expect(await as({ accessKeyId: 'AKIAOTHER' })).toBe('UnrecognizedClientException');
    expect(await as({ sessionToken: 'made-up' })).toBe('UnrecognizedClientException');
    visit.cloud.faults.add({ kind: 'throttle', capacity: 1, refill: 1, service: 'secretsmanager' });
    await send('ListSecrets', {});
    expect((await send('ListSecrets', {})).code).toBe('ThrottlingException');
  });
});
