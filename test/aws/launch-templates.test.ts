import {
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createTemplateVersion,
  deleteTemplateVersion,
  infrastructureVersion,
  readTemplateVersion,
  setDefaultVersion,
} from '../../src/aws/launch-templates.ts';
import { refusal } from './support/refusal.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);
const version = (VersionNumber: number, VersionDescription = `api v${VersionNumber}`) => ({
  LaunchTemplateId: 'lt-1',
  VersionNumber,
  VersionDescription,
  LaunchTemplateData: { ImageId: `ami-${VersionNumber}` },
});
const request = {
  templateId: 'lt-1',
  sourceVersion: '3',
  imageId: 'ami-9',
  description: 'api v9',
  instanceTags: { Name: 'api' },
  token: 'token-1',
};

beforeEach(() => mock.reset());

describe('readTemplateVersion', () => {
  it('reads by id or by name, and returns the number of $Default', async () => {
    mock.on(DescribeLaunchTemplateVersionsCommand).resolves({ LaunchTemplateVersions: [version(3)] });
    expect(await readTemplateVersion(ec2, 'lt-1', '$Default')).toMatchObject({
      templateId: 'lt-1',
      number: '3',
      imageId: 'ami-3',
    });
    await readTemplateVersion(ec2, 'api', '2');
    expect(mock.commandCalls(DescribeLaunchTemplateVersionsCommand).map((call) => call.args[0].input)).toEqual([
      { LaunchTemplateId: 'lt-1', Versions: ['$Default'] },
      { LaunchTemplateName: 'api', Versions: ['2'] },
    ]);
  });

  it.each(['InvalidLaunchTemplateName.NotFoundException', 'InvalidLaunchTemplateId.VersionNotFound'])(
    'names what is missing after %s, and after an empty answer',
    async (name) => {
      mock
        .on(DescribeLaunchTemplateVersionsCommand)
        .rejectsOnce(refusal(name))
        .resolves({ LaunchTemplateVersions: [] });
      const missing = { code: 'template.missing', message: expect.stringContaining('api with a version 7') };
      await expect(readTemplateVersion(ec2, 'api', '7')).rejects.toMatchObject(missing);
      await expect(readTemplateVersion(ec2, 'api', '7')).rejects.toMatchObject(missing);
    },
  );

  it('never treats a throttled reading as a missing template', async () => {
    mock.on(DescribeLaunchTemplateVersionsCommand).rejects(refusal('RequestLimitExceeded'));
    await expect(readTemplateVersion(ec2, 'api', '7')).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
  });
});

describe('createTemplateVersion', () => {
  it('starts from the newest infrastructure version on any page, and repeats itself with one token', async () => {
    mock
      .on(DescribeLaunchTemplateVersionsCommand)
      .resolvesOnce({ LaunchTemplateVersions: [version(8), version(7, infrastructureVersion)], NextToken: 'more' })
      .resolves({ LaunchTemplateVersions: [version(5, infrastructureVersion), version(3)] });
    mock.on(CreateLaunchTemplateVersionCommand).resolves({ LaunchTemplateVersion: version(9) });
    expect(await createTemplateVersion(ec2, request)).toMatchObject({ number: '9', imageId: 'ami-9' });
    expect(mock.commandCalls(CreateLaunchTemplateVersionCommand)[0]?.args[0].input).toMatchObject({
      SourceVersion: '7',
      ClientToken: 'token-1',
      LaunchTemplateData: { ImageId: 'ami-9' },
    });
  });

  it('starts from the version that serves where the infrastructure has created none since', async () => {
    mock.on(DescribeLaunchTemplateVersionsCommand).resolves({ LaunchTemplateVersions: [version(8), version(3)] });
    mock.on(CreateLaunchTemplateVersionCommand).resolves({ LaunchTemplateVersion: version(9) });
    await createTemplateVersion(ec2, request);
    expect(mock.commandCalls(CreateLaunchTemplateVersionCommand)[0]?.args[0].input.SourceVersion).toBe('3');
  });

  it('creates nothing when the source version cannot be read', async () => {
    mock
      .on(DescribeLaunchTemplateVersionsCommand)
      .resolvesOnce({ LaunchTemplateVersions: [version(8)], NextToken: 'more' })
      .rejects(refusal('RequestLimitExceeded'));
    await expect(createTemplateVersion(ec2, request)).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
    expect(mock.commandCalls(CreateLaunchTemplateVersionCommand)).toHaveLength(0);
  });
});

describe('setDefaultVersion', () => {
  it('passes a refusal on', async () => {
    mock.on(ModifyLaunchTemplateCommand).rejects(refusal('InvalidLaunchTemplateId.VersionNotFound'));
    await expect(setDefaultVersion(ec2, 'lt-1', '9')).rejects.toMatchObject({
      name: 'InvalidLaunchTemplateId.VersionNotFound',
    });
  });
});

describe('deleteTemplateVersion', () => {
  const refused = (Code: 'launchTemplateVersionDoesNotExist' | 'unexpectedError', Message: string) => ({
    UnsuccessfullyDeletedLaunchTemplateVersions: [{ VersionNumber: 4, ResponseError: { Code, Message } }],
  });

  it('deletes one version of the template, and treats a missing one as done', async () => {
    mock
      .on(DeleteLaunchTemplateVersionsCommand)
      .resolvesOnce({ SuccessfullyDeletedLaunchTemplateVersions: [{ VersionNumber: 4 }] })
      .resolves(refused('launchTemplateVersionDoesNotExist', 'gone'));
    await deleteTemplateVersion(ec2, 'lt-1', '4');
    await expect(deleteTemplateVersion(ec2, 'lt-1', '4')).resolves.toBeUndefined();
    expect(mock.commandCalls(DeleteLaunchTemplateVersionsCommand)[0]?.args[0].input).toEqual({
      LaunchTemplateId: 'lt-1',
      Versions: ['4'],
    });
  });

  it('reports a refusal that EC2 returns with status 200, with its reason', async () => {
    mock.on(DeleteLaunchTemplateVersionsCommand).resolves(refused('unexpectedError', 'it is the default version'));
    await expect(deleteTemplateVersion(ec2, 'lt-1', '4')).rejects.toMatchObject({
      code: 'template.not-deleted',
      message: expect.stringContaining('it is the default version (unexpectedError)'),
    });
  });
});
