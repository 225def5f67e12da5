import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  LabelParameterVersionCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
  RemoveTagsFromResourceCommand,
  SSMClient,
  UnlabelParameterVersionCommand,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { logFile } from '../../src/daemon/descriptor.ts';
import { openWorld, refusal, type World } from '../behaviour/support.ts';
import { eachWithCloud } from '../clients/support.ts';

describe('Parameter Store', () => {
  let world: World;
  let ssm: SSMClient;
  openWorld((opened) => (world = opened));
  beforeAll(() => {
    ssm = world.connect(new SSMClient({ region: world.place.region, maxAttempts: 1 }));
  });
  const put = (Name: string, Value: string, more: Partial<PutParameterCommandInput> = {}) =>
    ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', ...more }));
  const get = async (Name: string, WithDecryption = false) =>
    (await ssm.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter;

  it('SSM-PRM-01 keeps values of three types, each write a version', async () => {
    expect(await put('/shop/color', 'blue')).toMatchObject({ Version: 1, Tier: 'Standard' });
    expect(await refusal(put('/shop/color', 'green'))).toBe('ParameterAlreadyExists');
    expect((await put('/shop/color', 'green', { Overwrite: true })).Version).toBe(2);
    expect(await get('/shop/color')).toMatchObject({
      ...{ Name: '/shop/color', Value: 'green', Type: 'String', Version: 2, DataType: 'text' },
      ARN: `arn:aws:ssm:eu-west-1:000000000000:parameter/shop/color`,
    });
    expect((await get('/shop/color:1'))?.Value).toBe('blue');
    expect((await get('arn:aws:ssm:eu-west-1:000000000000:parameter/shop/color'))?.Value).toBe('green');
    expect(await refusal(get('/shop/color:9'))).toBe('ParameterVersionNotFound');
    expect(await refusal(get('/shop/none'))).toBe('ParameterNotFound');
    await put('list', 'a,b', { Type: 'StringList' });
    expect(await get('list')).toMatchObject({ Type: 'StringList', Value: 'a,b', Name: 'list' });
    expect(await refusal(put('list', 'x', { Type: 'SecureString', Overwrite: true }))).toBe(
      'HierarchyTypeMismatchException',
    );
    expect(await refusal(put('untyped', 'x', { Type: undefined }))).toBe('ValidationException');
  });

  it('SSM-PRM-02 gives a SecureString decrypted only to those who ask for it', async () => {
    await put('/shop/key', 'sk_live_1', { Type: 'SecureString' });
    const closed = await get('/shop/key');
    expect(closed?.Value).toMatch(/^AQICAH/);
    expect(closed?.Value).not.toContain('sk_live');
    expect((await get('/shop/key', true))?.Value).toBe('sk_live_1');
    const { Parameters } = await ssm.send(new DescribeParametersCommand({}));
    expect(Parameters?.find(({ Name }) => Name === '/shop/key')).toMatchObject({ KeyId: 'alias/aws/ssm' });
  });

  it('SSM-PRM-03 gives ten by name at the most, and names those that it does not have', async () => {
    await put('/ten/a', '1');
    const { Parameters, InvalidParameters } = await ssm.send(
      new GetParametersCommand({ Names: ['/ten/a', '/ten/b', '/ten/a:7'] }),
    );
    expect(Parameters?.map(({ Name }) => Name)).toEqual(['/ten/a']);
    expect(InvalidParameters).toEqual(['/ten/b', '/ten/a:7']);
    const Names = Array.from({ length: 11 }, (_, index) => `/ten/${index}`);
    expect(await refusal(ssm.send(new GetParametersCommand({ Names })))).toBe('ValidationException');
    expect(await refusal(ssm.send(new GetParametersCommand({ Names: [] })))).toBe('ValidationException');
  });

  it('SSM-PRM-04 lists a path, deep or not, in pages of ten', async () => {
    for (let index = 0; index < 12; index++) await put(`/path/n${String(index).padStart(2, '0')}`, 'x');
    await put('/path/deep/one', 'y', { Type: 'SecureString' });
    const list = async (more: object) => {
      const names: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await ssm.send(new GetParametersByPathCommand({ Path: '/path', NextToken, ...more }));
        expect(page.Parameters?.length).toBeLessThanOrEqual(10);
        names.push(...(page.Parameters ?? []).map(({ Name }) => Name));
        NextToken = page.NextToken;
      } while (NextToken);
      return names;
    };
    expect(await list({})).toHaveLength(12);
    expect(await list({ Recursive: true })).toHaveLength(13);
    expect(await list({ MaxResults: 5 })).toEqual(await list({}));
    const secure = { Recursive: true, ParameterFilters: [{ Key: 'Type', Values: ['SecureString'] }] };
    expect(await list(secure)).toEqual(['/path/deep/one']);
    expect(await refusal(list({ Path: 'path' }))).toBe('ValidationException');
    expect(await refusal(list({ MaxResults: 11 }))).toBe('ValidationException');
    expect(await refusal(list({ ParameterFilters: [{ Key: 'Name', Values: ['x'] }] }))).toBe('InvalidFilterKey');
    expect(await refusal(list({ NextToken: 'made-up' }))).toBe('InvalidNextToken');
  });

  it('SSM-PRM-05 takes the names that AWS takes', async () => {
    for (const name of ['a', '/a/b', 'A.b-c_d', `/${'x'.repeat(900)}`, `/${'l/'.repeat(14)}l`]) {
      expect(await refusal(put(name, 'x'))).toBe('none');
    }
    for (const name of [
      'a/b',
      '/a//b',
      '/a b',
      '/é',
      'aws',
      'ssm-x',
      '/awsome',
      '/ssm/x',
      '//',
      '/a/',
      'x'.repeat(1000),
    ]) {
      expect([name, await refusal(put(name, 'x'))]).toEqual([name, 'ValidationException']);
    }
    expect(await refusal(put('/aws/x', 'x'))).toBe('AccessDeniedException');
    expect(await refusal(put(`/${'l/'.repeat(15)}l`, 'x'))).toBe('HierarchyLevelLimitExceededException');
    expect(await refusal(get('__proto__'))).toBe('ParameterNotFound');
    expect(await refusal(get('constructor'))).toBe('ParameterNotFound');
  });

  it('SSM-PRM-06 takes 4,096 characters, advanced parameters 8,192, and none that does not fit the pattern', async () => {
    const long = 'x'.repeat(4097);
    expect(await refusal(put('/size/a', 'x'.repeat(4096)))).toBe('none');
    expect(await refusal(put('/size/b', long))).toBe('ValidationException');
    expect((await put('/size/c', long, { Tier: 'Advanced' })).Tier).toBe('Advanced');
    expect((await put('/size/d', long, { Tier: 'Intelligent-Tiering' })).Tier).toBe('Advanced');
    expect(await refusal(put('/size/c', 'x', { Tier: 'Standard', Overwrite: true }))).toBe('ValidationException');
    expect(await refusal(put('/size/e', 'x'.repeat(8193), { Tier: 'Advanced' }))).toBe('ValidationException');
    await put('/size/f', '12', { AllowedPattern: '\\d+' });
    expect(await refusal(put('/size/f', 'a', { Overwrite: true }))).toBe('ParameterPatternMismatchException');
    expect(await refusal(put('/size/g', 'a', { AllowedPattern: '(' }))).toBe('InvalidAllowedPatternException');
    const endless = put('/size/h', `${'a'.repeat(60)}!`, { AllowedPattern: '(a+)+' });
    expect(await refusal(endless)).toBe('InvalidAllowedPatternException');
  });

  it('SSM-PRM-07 moves labels between versions, and keeps a hundred versions', async () => {
    await put('/label/a', '1');
    await put('/label/a', '2', { Overwrite: true });
    const label = (ParameterVersion: number, ...Labels: string[]) =>
      ssm.send(new LabelParameterVersionCommand({ Name: '/label/a', ParameterVersion, Labels }));
    expect(await label(1, 'prod', '1st', 'aws-x')).toMatchObject({
      InvalidLabels: ['1st', 'aws-x'],
      ParameterVersion: 1,
    });
    expect(await get('/label/a:prod')).toMatchObject({ Value: '1', Selector: ':prod' });
    await label(2, 'prod');
    expect((await get('/label/a:prod'))?.Value).toBe('2');
    const unlabel = new UnlabelParameterVersionCommand({
      Name: '/label/a',
      ParameterVersion: 2,
      Labels: ['prod', 'x'],
    });
    expect(await ssm.send(unlabel)).toMatchObject({ RemovedLabels: ['prod'], InvalidLabels: ['x'] });
    expect(await refusal(get('/label/a:prod'))).toBe('ParameterVersionNotFound');
    for (let index = 3; index <= 101; index++) await put('/label/a', String(index), { Overwrite: true });
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: '/label/a' }));
    expect(Parameters?.[0]?.Version).toBe(2);
    await label(2, 'first');
    expect(await refusal(put('/label/a', 'x', { Overwrite: true }))).toBe('ParameterMaxVersionLimitExceeded');
  });

  it('SSM-PRM-08 deletes, tags and describes', async () => {
    await put('/meta/a', '1', { Description: 'one', Tags: [{ Key: 'app', Value: 'api' }] });
    const resource = { ResourceType: 'Parameter', ResourceId: '/meta/a' } as const;
    await ssm.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'team', Value: 'web' }] }));
    await ssm.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ['app'] }));
    expect((await ssm.send(new ListTagsForResourceCommand(resource))).TagList).toEqual([{ Key: 'team', Value: 'web' }]);
    const describe = async (...ParameterFilters: object[]) => {
      const { Parameters } = await ssm.send(
        new DescribeParametersCommand({ ParameterFilters: ParameterFilters as never }),
      );
      return Parameters;
    };
    const below = { Key: 'Path', Values: ['/meta'] };
    expect(await describe({ Key: 'tag:team', Values: ['web'] }, below)).toMatchObject([
      { Name: '/meta/a', Description: 'one', Version: 1 },
    ]);
    expect(await describe({ Key: 'Name', Option: 'BeginsWith', Values: ['/meta'] })).toHaveLength(1);
    expect(await describe({ ...below, Values: ['/met'] })).toEqual([]);
    expect(await refusal(describe({ Key: 'Nome', Values: ['x'] }))).toBe('InvalidFilterKey');
    await ssm.send(new DeleteParameterCommand({ Name: '/meta/a' }));
    expect(await refusal(ssm.send(new DeleteParameterCommand({ Name: '/meta/a' })))).toBe('ParameterNotFound');
    await put('/meta/b', '1');
    const both = new DeleteParametersCommand({ Names: ['/meta/a', '/meta/b'] });
    expect(await ssm.send(both)).toMatchObject({ DeletedParameters: ['/meta/b'], InvalidParameters: ['/meta/a'] });
  });

  it('SSM-PRM-09 reads forty a second, and writes three, where published limits are in force', async () => {
    await put('/rate/a', '1');
    world.cloud.faults.add({ kind: 'throttle', profile: 'published' });
    const codes: string[] = [];
    for (let index = 0; index < 45; index++) codes.push(await refusal(get('/rate/a')));
    expect(codes.slice(0, 40).every((code) => code === 'none')).toBe(true);
    expect(codes.filter((code) => code === 'ThrottlingException').length).toBeGreaterThan(0);
    const writes: string[] = [];
    for (let index = 0; index < 4; index++) writes.push(await refusal(put('/rate/a', 'x', { Overwrite: true })));
    expect(writes).toEqual(['none', 'none', 'none', 'ThrottlingException']);
  });
});

describe('Parameter Store on the wire', () => {
  const visit = eachWithCloud('parameters');

  it('SSM-PRM-10 keeps values in a file of its owner, and in no log and no record of calls', async () => {
    const { endpoint, region, credentials, calls } = visit.cloud;
    const ssm = new SSMClient({ endpoint, region, credentials: { ...credentials }, maxAttempts: 1 });
    const value = 'sk_live_in_no_log';
    await ssm.send(new PutParameterCommand({ Name: '/a', Value: value, Type: 'SecureString' }));
    await refusal(ssm.send(new PutParameterCommand({ Name: '/a', Value: value, Type: 'SecureString' })));
    await refusal(
      ssm.send(new PutParameterCommand({ Name: '/b', Value: value, Type: 'SecureString', AllowedPattern: '\\d' })),
    );
    const read = await ssm.send(new GetParameterCommand({ Name: '/a', WithDecryption: true }));
    expect(read.Parameter?.Value).toBe(value);
    const elsewhere = new SSMClient({ endpoint, region: 'us-east-1', credentials: { ...credentials } });
    expect(await refusal(elsewhere.send(new GetParameterCommand({ Name: '/a' })))).toBe('ParameterNotFound');
    const file = join(visit.dir, 'cloud/state.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain(value);
    expect(JSON.stringify(calls.report())).not.toContain(value);
    expect(await readFile(logFile(join(visit.dir, 'cloud')), 'utf8').catch(() => '')).not.toContain(value);
    elsewhere.destroy();
    ssm.destroy();
  });
});
