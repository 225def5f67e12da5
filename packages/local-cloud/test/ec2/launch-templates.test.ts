import { expect, test } from 'vitest';
import { account } from '../../src/settings.ts';
import { setUp } from './support.ts';

async function withTemplate() {
  const cloud = setUp();
  const input = {
    LaunchTemplateName: 'api',
    ClientToken: 'first',
    VersionDescription: 'base',
    LaunchTemplateData: { ImageId: account.baseImageId, InstanceType: 't3.micro', KeyName: 'k' },
    TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'app', Value: 'api' }] }],
  };
  const { LaunchTemplate } = await cloud.send('CreateLaunchTemplate', input);
  return { cloud, input, LaunchTemplateId: LaunchTemplate.LaunchTemplateId as string };
}

test('a version takes its source’s data with the changes over it, and the same token gives the same version', async () => {
  const { cloud, LaunchTemplateId } = await withTemplate();
  const input = {
    LaunchTemplateId,
    SourceVersion: '1',
    ClientToken: 'second',
    LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0', KeyName: '' },
  };
  const { LaunchTemplateVersion } = await cloud.send('CreateLaunchTemplateVersion', input);
  expect(LaunchTemplateVersion).toMatchObject({
    VersionNumber: 2,
    DefaultVersion: false,
    LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0', InstanceType: 't3.micro', KeyName: 'k' },
  });
  expect((await cloud.send('CreateLaunchTemplateVersion', { ...input })).LaunchTemplateVersion.VersionNumber).toBe(2);
  const other = { ...input, VersionDescription: 'other' };
  expect(await cloud.code('CreateLaunchTemplateVersion', other)).toBe('IdempotentParameterMismatch');
  const third = { LaunchTemplateId, ClientToken: 'third', LaunchTemplateData: { ImageId: account.baseImageId } };
  const plain = await cloud.send('CreateLaunchTemplateVersion', third);
  expect(plain.LaunchTemplateVersion.LaunchTemplateData).toEqual({ ImageId: account.baseImageId });
  const { LaunchTemplates } = await cloud.send('DescribeLaunchTemplates', { LaunchTemplateNames: ['api'] });
  expect(LaunchTemplates[0]).toMatchObject({ DefaultVersionNumber: 1, LatestVersionNumber: 3 });
});

test('a time in a version survives the state file', async () => {
  const { cloud, LaunchTemplateId } = await withTemplate();
  const ValidUntil = new Date('2030-01-01T00:00:00Z');
  const LaunchTemplateData = { InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { ValidUntil } } };
  await cloud.send('CreateLaunchTemplateVersion', { LaunchTemplateId, LaunchTemplateData });
  const again = setUp(JSON.parse(JSON.stringify(cloud.state)));
  const { LaunchTemplateVersions } = await again.send('DescribeLaunchTemplateVersions', { LaunchTemplateId });
  expect(LaunchTemplateVersions[0].LaunchTemplateData).toEqual(LaunchTemplateData);
});

test('creating a template is idempotent by token and refuses a taken name', async () => {
  const { cloud, input, LaunchTemplateId } = await withTemplate();
  const again = await cloud.send('CreateLaunchTemplate', { ...input });
  expect(again.LaunchTemplate.LaunchTemplateId).toBe(LaunchTemplateId);
  expect(await cloud.code('CreateLaunchTemplate', { ...input, ClientToken: 'x' })).toBe(
    'InvalidLaunchTemplateName.AlreadyExistsException',
  );
  expect(await cloud.code('CreateLaunchTemplate', { ...input, VersionDescription: 'y' })).toBe(
    'IdempotentParameterMismatch',
  );
  expect(await cloud.code('CreateLaunchTemplate', { ...input, LaunchTemplateName: 'a b' })).toBe(
    'InvalidLaunchTemplateName.MalformedException',
  );
});

test('versions are described by number, moving name or range, newest first', async () => {
  const { cloud, LaunchTemplateId } = await withTemplate();
  for (let n = 2; n <= 12; n++) {
    await cloud.send('CreateLaunchTemplateVersion', {
      LaunchTemplateId,
      SourceVersion: '1',
      LaunchTemplateData: { KeyName: `k${n}` },
    });
  }
  await cloud.send('ModifyLaunchTemplate', { LaunchTemplateId, DefaultVersion: '5' });
  const numbers = async (input: object) =>
    (await cloud.send('DescribeLaunchTemplateVersions', input)).LaunchTemplateVersions.map(
      (one: { VersionNumber: number }) => one.VersionNumber,
    );
  expect(await numbers({ LaunchTemplateId, Versions: ['$Latest', '$Default', '2'] })).toEqual([12, 5, 2]);
  expect(await numbers({ LaunchTemplateName: 'api', MinVersion: '3', MaxVersion: '4' })).toEqual([4, 3]);
  expect(await numbers({ Versions: ['$Latest'] })).toEqual([12]);
  expect(await numbers({ LaunchTemplateId, Filters: [{ Name: 'key-name', Values: ['k1?'] }] })).toEqual([12, 11, 10]);
  const page = await cloud.send('DescribeLaunchTemplateVersions', { LaunchTemplateId, MaxResults: 10 });
  expect(await numbers({ LaunchTemplateId, MaxResults: 10, NextToken: page.NextToken })).toEqual([2, 1]);
  expect(await cloud.code('DescribeLaunchTemplateVersions', { LaunchTemplateId, Versions: ['99'] })).toBe(
    'InvalidLaunchTemplateId.VersionNotFound',
  );
  expect(await cloud.code('ModifyLaunchTemplate', { LaunchTemplateId, DefaultVersion: '99' })).toBe(
    'InvalidLaunchTemplateId.VersionNotFound',
  );
});

test('the default version cannot be deleted, numbers are not used again, $Latest moves back', async () => {
  const { cloud, LaunchTemplateId } = await withTemplate();
  const add = () =>
    cloud.send('CreateLaunchTemplateVersion', { LaunchTemplateId, LaunchTemplateData: { KeyName: 'x' } });
  await add();
  const answer = await cloud.send('DeleteLaunchTemplateVersions', { LaunchTemplateId, Versions: ['1', '2', '7'] });
  expect(answer.SuccessfullyDeletedLaunchTemplateVersions).toMatchObject([{ VersionNumber: 2 }]);
  expect(answer.UnsuccessfullyDeletedLaunchTemplateVersions).toMatchObject([
    { VersionNumber: 1, ResponseError: { Code: 'unexpectedError' } },
    { VersionNumber: 7, ResponseError: { Code: 'launchTemplateVersionDoesNotExist' } },
  ]);
  expect(cloud.state.launchTemplates[LaunchTemplateId]?.latestVersion).toBe(1);
  expect((await add()).LaunchTemplateVersion.VersionNumber).toBe(3);
  await cloud.send('DeleteLaunchTemplate', { LaunchTemplateName: 'api' });
  expect(await cloud.code('DeleteLaunchTemplate', { LaunchTemplateId })).toBe('InvalidLaunchTemplateId.NotFound');
  expect(await cloud.code('DescribeLaunchTemplates', { LaunchTemplateNames: ['api'] })).toBe(
    'InvalidLaunchTemplateName.NotFoundException',
  );
});

test('the data of an instance can start another template', async () => {
  const { cloud } = await withTemplate();
  const [InstanceId = ''] = await cloud.run(1, { InstanceType: 'm5.large' });
  const { LaunchTemplateData } = await cloud.send('GetLaunchTemplateData', { InstanceId });
  expect(LaunchTemplateData).toMatchObject({ ImageId: account.baseImageId, InstanceType: 'm5.large' });
  await cloud.send('CreateLaunchTemplate', { LaunchTemplateName: 'copy', LaunchTemplateData });
});
