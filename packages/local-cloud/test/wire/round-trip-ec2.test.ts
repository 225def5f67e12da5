import {
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  paginateDescribeInstances,
  RebootInstancesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, it } from 'vitest';
import { CloudError } from '../../src/wire/handler.ts';
import { plain, recording } from './support/record.ts';
import { startWire, type Tables, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
afterEach(() => wire.close());

async function start(tables: Tables): Promise<TestWire> {
  wire = await startWire(tables);
  return wire;
}

describe('EC2', () => {
  it('carries RunInstances both ways', async () => {
    const reservation = {
      ReservationId: 'r-1',
      OwnerId: '000000000000',
      Groups: [],
      Instances: [
        {
          InstanceId: 'i-1',
          ImageId: 'ami-1',
          State: { Code: 0, Name: 'pending' },
          LaunchTime: new Date('2026-01-02T03:04:05.678Z'),
          SecurityGroups: [{ GroupId: 'sg-1', GroupName: 'a <b> & "c"' }],
          Tags: [{ Key: 'Name', Value: 'zwölf\r\n\t😀' }],
          EbsOptimized: false,
          Placement: { AvailabilityZone: 'eu-west-1a' },
        },
      ],
    };
    const { seen, handler } = recording(reservation);
    const { ec2 } = await start({ ec2: { RunInstances: handler } });
    const input = {
      MinCount: 1,
      MaxCount: 2,
      ImageId: 'ami-1',
      UserData: 'IyEvYmluL3NoCg==',
      ClientToken: 'token-1',
      SecurityGroupIds: ['sg-1', 'sg-2'],
      DisableApiTermination: false,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, DeleteOnTermination: true } }],
      LaunchTemplate: { LaunchTemplateName: 'lt & co', Version: '3' },
      TagSpecifications: [
        { ResourceType: 'instance' as const, Tags: [{ Key: 'a=b', Value: 'ü+%26 .' }] },
        { ResourceType: 'volume' as const, Tags: [{ Key: 'x', Value: 'y' }] },
      ],
    };
    const answer = await ec2.send(new RunInstancesCommand(input));
    expect(seen.input).toEqual(input);
    expect(plain(answer)).toEqual(reservation);
    expect(seen.call).toMatchObject({
      service: 'ec2',
      operation: 'RunInstances',
      region: 'eu-west-1',
      accessKeyId: 'AKIATEST',
    });
    expect(answer.$metadata.requestId).toBe(seen.call?.requestId);
  });

  it('gives filters and ids of DescribeInstances, and an empty list back as a list', async () => {
    const { seen, handler } = recording({ Reservations: [] });
    const { ec2 } = await start({ ec2: { DescribeInstances: handler } });
    const input = {
      InstanceIds: ['i-1', 'i-2'],
      Filters: [
        { Name: 'tag:App', Values: ['api', ''] },
        { Name: 'instance-state-name', Values: ['running'] },
      ],
      MaxResults: 5,
    };
    expect(plain(await ec2.send(new DescribeInstancesCommand(input)))).toEqual({ Reservations: [] });
    expect(seen.input).toEqual(input);
  });

  it('passes page tokens through', async () => {
    const pages: Record<string, object> = {
      '': { Reservations: [{ ReservationId: 'r-1' }], NextToken: 'two+/=' },
      'two+/=': { Reservations: [{ ReservationId: 'r-2' }] },
    };
    const DescribeInstances = (input: { NextToken?: string }) => pages[input.NextToken ?? ''];
    const { ec2 } = await start({ ec2: { DescribeInstances } });
    const ids: (string | undefined)[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2 }, {})) {
      ids.push(...(page.Reservations ?? []).map(({ ReservationId }) => ReservationId));
    }
    expect(ids).toEqual(['r-1', 'r-2']);
  });

  it('carries DescribeImages with its block devices', async () => {
    const images = {
      Images: [
        {
          ImageId: 'ami-1',
          Name: 'api-v1',
          State: 'available',
          Public: false,
          CreationDate: '2026-01-01T00:00:00.000Z',
          BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-1', VolumeSize: 8 } }],
          Tags: [{ Key: 'empty', Value: '' }],
        },
      ],
    };
    const { seen, handler } = recording(images);
    const { ec2 } = await start({ ec2: { DescribeImages: handler } });
    expect(plain(await ec2.send(new DescribeImagesCommand({ Owners: ['self'] })))).toEqual(images);
    expect(seen.input).toEqual({ Owners: ['self'] });
  });

  it('carries the data of a launch template version', async () => {
    const version = {
      LaunchTemplateVersion: {
        LaunchTemplateId: 'lt-1',
        VersionNumber: 2,
        DefaultVersion: false,
        CreateTime: new Date('2026-01-01T00:00:00Z'),
        LaunchTemplateData: { ImageId: 'ami-2', SecurityGroupIds: ['sg-1'] },
      },
    };
    const { seen, handler } = recording(version);
    const { ec2 } = await start({ ec2: { CreateLaunchTemplateVersion: handler } });
    const input = {
      ClientToken: 'v2',
      LaunchTemplateId: 'lt-1',
      SourceVersion: '1',
      LaunchTemplateData: {
        ImageId: 'ami-2',
        InstanceType: 't3.small' as const,
        NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-1'] }],
        TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
      },
    };
    expect(plain(await ec2.send(new CreateLaunchTemplateVersionCommand(input)))).toEqual(version);
    expect(seen.input).toEqual(input);
  });

  it('CLD-WIR-03 takes an empty value for an absent one', async () => {
    const { seen, handler } = recording({});
    const { ec2 } = await start({ ec2: { RunInstances: handler } });
    await ec2.send(new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ClientToken: 't', UserData: '', SubnetId: '' }));
    expect(seen.input).toEqual({ MinCount: 1, MaxCount: 1, ClientToken: 't' });
  });

  it('answers operations without output with return true', async () => {
    const { ec2, calls } = await start({ ec2: { RebootInstances: () => undefined, CreateTags: () => ({}) } });
    await ec2.send(new RebootInstancesCommand({ InstanceIds: ['i-1'] }));
    await ec2.send(new CreateTagsCommand({ Resources: ['i-1'], Tags: [{ Key: 'a', Value: 'b' }] }));
    expect(calls.map(({ operation, status }) => [operation, status])).toEqual([
      ['RebootInstances', 200],
      ['CreateTags', 200],
    ]);
  });

  it('gives refusals as the typed errors of the client', async () => {
    const refuse = () => {
      throw new CloudError('InvalidAMIID.NotFound', "The image id '[ami-<1>]' does not exist");
    };
    const { ec2, calls } = await start({ ec2: { DescribeImages: refuse } });
    const error = await ec2.send(new DescribeImagesCommand({})).catch((e: unknown) => e);
    expect(error).toMatchObject({
      name: 'InvalidAMIID.NotFound',
      message: "The image id '[ami-<1>]' does not exist",
      $metadata: { httpStatusCode: 400, requestId: calls[0]?.requestId },
    });
    expect(calls[0]).toMatchObject({ code: 'InvalidAMIID.NotFound', status: 400 });
  });

  it('CLD-WIR-04 answers a dry run before the handler', async () => {
    const { seen, handler } = recording({});
    const { ec2 } = await start({ ec2: { RebootInstances: handler } });
    const call = ec2.send(new RebootInstancesCommand({ InstanceIds: ['i-1'], DryRun: true }));
    await expect(call).rejects.toMatchObject({ name: 'DryRunOperation', $metadata: { httpStatusCode: 412 } });
    expect(seen.input).toBeUndefined();
  });

  it('CLD-WIR-05 refuses an action that no table holds', async () => {
    const { ec2 } = await start({});
    await expect(ec2.send(new DescribeRegionsCommand({}))).rejects.toMatchObject({
      name: 'InvalidAction',
      $metadata: { httpStatusCode: 400 },
    });
  });
});
