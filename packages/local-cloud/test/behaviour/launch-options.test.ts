import {
  DescribeInstanceAttributeCommand,
  DescribeInstanceCreditSpecificationsCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  type Instance,
  type InstanceAttributeName,
  ModifyInstanceAttributeCommand,
  type ModifyInstanceAttributeCommandInput,
  MonitorInstancesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StopInstancesCommand,
  UnmonitorInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const launch = (more: Partial<RunInstancesCommandInput>) =>
  world.ec2.send(new RunInstancesCommand({ ImageId: account.baseImageId, MinCount: 1, MaxCount: 1, ...more }));
const modify = (InstanceId: string, more: Partial<ModifyInstanceAttributeCommandInput>) =>
  world.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, ...more }));
const attribute = (InstanceId: string, Attribute: InstanceAttributeName) =>
  world.ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
const stopped = async (InstanceId: string) => {
  await world.ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
  await world.reached(InstanceId, 'stopped');
};

describe('launches', () => {
  it('EC2-INS-20 keep and show what the request or its template asks for', async () => {
    const asked = {
      InstanceType: 't3.large',
      EbsOptimized: true,
      Monitoring: { Enabled: true },
      CreditSpecification: { CpuCredits: 'standard' },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 },
      EnclaveOptions: { Enabled: true },
      MaintenanceOptions: { AutoRecovery: 'disabled' },
      PrivateDnsNameOptions: { HostnameType: 'resource-name', EnableResourceNameDnsARecord: true },
      CapacityReservationSpecification: { CapacityReservationPreference: 'none' },
      Placement: { Tenancy: 'dedicated', AvailabilityZone: 'eu-west-1b' },
      DisableApiStop: true,
    } as const;
    const LaunchTemplateName = await world.template(account.baseImageId, asked);
    for (const id of [await world.running(asked), await world.running({ LaunchTemplate: { LaunchTemplateName } })]) {
      const shown = await world.instance(id);
      expect(shown).toMatchObject({
        EbsOptimized: true,
        Monitoring: { State: 'enabled' },
        CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 },
        EnclaveOptions: { Enabled: true },
        MaintenanceOptions: { AutoRecovery: 'disabled' },
        PrivateDnsName: `${id}.eu-west-1.compute.internal`,
        PrivateDnsNameOptions: {
          HostnameType: 'resource-name',
          EnableResourceNameDnsARecord: true,
          EnableResourceNameDnsAAAARecord: false,
        },
        CapacityReservationSpecification: { CapacityReservationPreference: 'none' },
        Placement: { Tenancy: 'dedicated', AvailabilityZone: 'eu-west-1b' },
      });
      const { InstanceCreditSpecifications } = await world.ec2.send(
        new DescribeInstanceCreditSpecificationsCommand({ InstanceIds: [id] }),
      );
      expect(InstanceCreditSpecifications).toEqual([{ InstanceId: id, CpuCredits: 'standard' }]);
      expect(await refusal(stopped(id))).toBe('OperationNotPermitted');
    }
  });

  it('EC2-INS-20 have the defaults of EC2 where nothing is requested', async () => {
    const id = await world.running({ InstanceType: 't3.micro', Placement: { AvailabilityZoneId: 'euw1-az2' } });
    expect(await world.instance(id)).toMatchObject({
      EbsOptimized: false,
      EnaSupport: true,
      Monitoring: { State: 'disabled' },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      EnclaveOptions: { Enabled: false },
      HibernationOptions: { Configured: false },
      Placement: { Tenancy: 'default', AvailabilityZone: 'eu-west-1b' },
      PrivateDnsNameOptions: { HostnameType: 'ip-name' },
    });
    const { InstanceCreditSpecifications } = await world.ec2.send(new DescribeInstanceCreditSpecificationsCommand({}));
    expect(InstanceCreditSpecifications).toContainEqual({ InstanceId: id, CpuCredits: 'unlimited' });
  });

  it('EC2-INS-21 have a public address where they ask for one, as long as they are on', async () => {
    const face = { DeviceIndex: 0, AssociatePublicIpAddress: true, Description: 'front' };
    const TagSpecifications = [{ ResourceType: 'network-interface' as const, Tags: [{ Key: 'app', Value: 'api' }] }];
    const id = await world.running({ NetworkInterfaces: [face], TagSpecifications });
    const shown = await world.instance(id);
    expect(shown.PublicIpAddress).toBe(shown.PrivateIpAddress);
    expect(shown.NetworkInterfaces?.[0]).toMatchObject({
      Association: { PublicIp: shown.PrivateIpAddress },
      Description: 'front',
      Attachment: { DeleteOnTermination: true, DeviceIndex: 0 },
    });
    const { NetworkInterfaces } = await world.ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'tag:app', Values: ['api'] }] }),
    );
    expect(NetworkInterfaces?.map(({ Attachment }) => Attachment?.InstanceId)).toEqual([id]);
    await stopped(id);
    expect((await world.instance(id)).PublicIpAddress).toBeUndefined();
    expect((await world.instance(await world.running())).PublicIpAddress).toBeUndefined();
  });

  it('EC2-INS-22 are refused what this cloud has not, by the request or its template', async () => {
    const interfaces = (face: object, ...more: object[]) => ({
      NetworkInterfaces: [{ DeviceIndex: 0, ...face }, ...more],
    });
    const refused: [Partial<RunInstancesCommandInput>, string][] = [
      [{ InstanceMarketOptions: { MarketType: 'spot' } }, 'UnsupportedOperation'],
      [{ HibernationOptions: { Configured: true } }, 'UnsupportedHibernationConfiguration'],
      [{ Placement: { Tenancy: 'host' } }, 'UnsupportedOperation'],
      [{ Placement: { GroupName: 'cluster' } }, 'InvalidPlacementGroup.Unknown'],
      [{ Placement: { AvailabilityZoneId: 'euw1-az9' } }, 'InvalidParameterValue'],
      [{ LicenseSpecifications: [{ LicenseConfigurationArn: 'arn:aws:license:1' }] }, 'UnsupportedOperation'],
      [{ CpuOptions: { CoreCount: 3, ThreadsPerCore: 2 } }, 'InvalidParameterValue'],
      [{ CpuOptions: { CoreCount: 1, ThreadsPerCore: 2, AmdSevSnp: 'enabled' } }, 'UnsupportedOperation'],
      [{ CpuOptions: { CoreCount: 1 } }, 'InvalidParameterCombination'],
      [{ InstanceType: 'm5.large', CreditSpecification: { CpuCredits: 'standard' } }, 'InvalidParameterCombination'],
      [interfaces({ InterfaceType: 'efa' }), 'UnsupportedOperation'],
      [interfaces({ Ipv6AddressCount: 1 }), 'UnsupportedOperation'],
      [interfaces({ DeleteOnTermination: false }), 'UnsupportedOperation'],
      [interfaces({ PrivateIpAddress: '10.0.0.9' }), 'UnsupportedOperation'],
      [interfaces({}, { DeviceIndex: 1 }), 'UnsupportedOperation'],
      [interfaces({}, { DeviceIndex: 0 }), 'InvalidParameterCombination'],
      [interfaces({ NetworkInterfaceId: 'eni-0123456789abcdef0' }), 'InvalidNetworkInterfaceID.NotFound'],
    ];
    const before = (await world.ec2.send(new DescribeInstancesCommand({}))).Reservations?.length;
    for (const [more, code] of refused) {
      expect(await refusal(launch({ InstanceType: 't3.micro', ...more })), JSON.stringify(more)).toBe(code);
      const LaunchTemplateName = await world.template(account.baseImageId, more as object);
      const byTemplate = launch({ ImageId: undefined, LaunchTemplate: { LaunchTemplateName } });
      expect(await refusal(byTemplate), JSON.stringify(more)).toBe(code);
    }
    for (const more of [{ PrivateIpAddress: '10.0.0.9' }, { Ipv6AddressCount: 1 }, { KernelId: 'aki-1' }])
      expect(await refusal(launch(more)), JSON.stringify(more)).toBe('UnsupportedOperation');
    expect((await world.ec2.send(new DescribeInstancesCommand({}))).Reservations?.length).toBe(before);
  });

  it('EC2-INS-23 show tags only where they have some', async () => {
    expect(await world.instance(await world.running())).not.toHaveProperty('Tags');
    const TagSpecifications = [{ ResourceType: 'instance' as const, Tags: [{ Key: 'app', Value: 'api' }] }];
    expect((await world.run({ TagSpecifications })).Tags).toEqual([{ Key: 'app', Value: 'api' }]);
  });
});

describe('instances', () => {
  it('EC2-INS-24 are changed attribute by attribute, some only while they are stopped', async () => {
    const id = await world.running();
    const whenOff: [Partial<ModifyInstanceAttributeCommandInput>, Partial<Instance>][] = [
      [{ EnaSupport: { Value: true } }, { EnaSupport: true }],
      [{ EnaSupport: { Value: false } }, { EnaSupport: false }],
      [{ SriovNetSupport: { Value: 'simple' } }, { SriovNetSupport: 'simple' }],
      [{ EbsOptimized: { Value: true } }, { EbsOptimized: true }],
      [{ Attribute: 'enaSupport', Value: 'true' }, { EnaSupport: true }],
    ];
    for (const [change] of whenOff) expect(await refusal(modify(id, change))).toBe('IncorrectInstanceState');
    await modify(id, { SourceDestCheck: { Value: false } });
    expect(await world.instance(id)).toMatchObject({
      SourceDestCheck: false,
      NetworkInterfaces: [{ SourceDestCheck: false }],
    });
    expect((await attribute(id, 'sourceDestCheck')).SourceDestCheck).toEqual({ Value: false });
    await stopped(id);
    for (const [change, shown] of whenOff) {
      await modify(id, change);
      expect(await world.instance(id)).toMatchObject(shown);
    }
    expect((await attribute(id, 'enaSupport')).EnaSupport).toEqual({ Value: true });
    expect((await attribute(id, 'sriovNetSupport')).SriovNetSupport).toEqual({ Value: 'simple' });
    expect(await refusal(modify(id, { SriovNetSupport: { Value: 'other' } }))).toBe('InvalidParameterValue');
    expect(await refusal(modify(id, { Kernel: { Value: 'aki-1' } }))).toBe('UnsupportedOperation');
    const two = { EnaSupport: { Value: true }, SourceDestCheck: { Value: true } };
    expect(await refusal(modify(id, two))).toBe('InvalidParameterCombination');
  });

  it('EC2-INS-25 with stop protection are not stopped', async () => {
    const [id, other] = [await world.running(), await world.running()];
    await modify(id, { DisableApiStop: { Value: true } });
    expect((await attribute(id, 'disableApiStop')).DisableApiStop).toEqual({ Value: true });
    const both = world.ec2.send(new StopInstancesCommand({ InstanceIds: [other, id] }));
    expect(await refusal(both)).toBe('OperationNotPermitted');
    expect((await world.instance(other)).State?.Name).toBe('running');
    await modify(id, { DisableApiStop: { Value: false } });
    expect(await refusal(world.ec2.send(new StopInstancesCommand({ InstanceIds: [id], Hibernate: true })))).toBe(
      'UnsupportedOperation',
    );
    await stopped(id);
  });

  it('EC2-INS-20 are monitored in detail on request', async () => {
    const id = await world.running();
    const { InstanceMonitorings } = await world.ec2.send(new MonitorInstancesCommand({ InstanceIds: [id] }));
    expect(InstanceMonitorings).toEqual([{ InstanceId: id, Monitoring: { State: 'pending' } }]);
    expect((await world.instance(id)).Monitoring?.State).toBe('enabled');
    await world.ec2.send(new UnmonitorInstancesCommand({ InstanceIds: [id] }));
    expect((await world.instance(id)).Monitoring?.State).toBe('disabled');
  });
});
