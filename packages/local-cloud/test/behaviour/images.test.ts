import {
  CopyImageCommand,
  CreateImageCommand,
  type CreateImageCommandInput,
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImageReferencesCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DisableImageCommand,
  DisableImageDeregistrationProtectionCommand,
  EC2Client,
  EnableImageCommand,
  EnableImageDeprecationCommand,
  EnableImageDeregistrationProtectionCommand,
  ListImagesInRecycleBinCommand,
  ModifyImageAttributeCommand,
  type ModifyImageAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, it } from 'vitest';
import { account, delayProfiles } from '../../src/settings.ts';
import { drivers, openWorld, patiently, refusal, World, type WorldOptions } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const bake = async (InstanceId: string, more: Partial<CreateImageCommandInput> = {}) => {
  const { ImageId = '' } = await world.ec2.send(
    new CreateImageCommand({ InstanceId, Name: world.name('image'), ...more }),
  );
  return ImageId;
};
const imageIn = (id: string, state: string) =>
  world.until(
    () => world.image(id),
    (one) => one.State === state,
  );
const status = async (id: string) => {
  const { InstanceStatuses } = await world.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
  return InstanceStatuses?.[0]?.InstanceStatus?.Status;
};
const listed = async (Name: string, IncludeDisabled = false) =>
  (await world.ec2.send(new DescribeImagesCommand({ IncludeDisabled, Filters: [{ Name: 'name', Values: [Name] }] })))
    .Images?.length;

describe('images with the delays of AWS', () => {
  open({ delays: 'aws' });

  it('EC2-IMG-01 are pending for the delay at the least, with the delays of AWS too', async () => {
    const id = await world.running();
    const took = await world.took(async () => imageIn(await bake(id, { NoReboot: true }), 'available'));
    expect(took).toBeGreaterThanOrEqual(world.delays.imagePending);
  });
});

describe.each(drivers)('images on $driver machines', patiently, ({ driver }) => {
  open({ driver });

  it('EC2-IMG-01 are pending for the delay at the least, then available and launched from', async () => {
    const id = await world.running();
    let imageId = '';
    const took = await world.took(async () => {
      imageId = await bake(id, { NoReboot: true });
      expect((await world.image(imageId)).State).toBe('pending');
      expect(await refusal(world.run({ ImageId: imageId }))).toBe('InvalidAMIID.Unavailable');
      await imageIn(imageId, 'available');
    });
    expect(took).toBeGreaterThanOrEqual(world.delays.imagePending);
    await world.running({ ImageId: imageId });
  });

  it('EC2-IMG-02 restart a running instance by default not to; it stays running', async () => {
    const id = await world.running();
    const still = await bake(id, { NoReboot: true });
    expect(await status(id)).toBe('ok');
    // Work on one machine is done one after the other: the restart would wait for the first snapshot.
    await imageIn(still, 'available');
    // It may be over before the next call: then again.
    await world.until(
      async () => {
        await bake(id);
        return status(id);
      },
      (now) => now === 'initializing',
    );
    expect((await world.instance(id)).State?.Name).toBe('running');
    await world.until(
      () => status(id),
      (now) => now === 'ok',
    );
  });

  it('EC2-IMG-03 fail with a reason, and keep their name until they are deregistered', async () => {
    const id = await world.running();
    world.cloud.faults.add({ kind: 'bake-fail', message: 'the disk is gone' });
    const Name = world.name('failing');
    const failed = await imageIn(await bake(id, { Name, NoReboot: true }), 'failed');
    expect(failed.StateReason).toMatchObject({ Code: 'Server.InternalError' });
    expect(failed.StateReason?.Message).toContain('the disk is gone');
    expect(await refusal(bake(id, { Name }))).toBe('InvalidAMIName.Duplicate');
    await world.ec2.send(new DeregisterImageCommand({ ImageId: failed.ImageId }));
    world.cloud.faults.clear();
    await imageIn(await bake(id, { Name, NoReboot: true }), 'available');
  });

  it('EC2-IMG-04 survive a stop of the cloud; those in progress fail, and their data is deleted', async () => {
    const first = await World.onTheWire({ driver });
    const id = await first.running();
    const kept = await first.baked(id);
    const { ImageId = '' } = await first.ec2.send(new CreateImageCommand({ InstanceId: id, Name: 'under-way' }));
    await first.stop();
    const second = await World.onTheWire({ driver, dir: first.dir });
    expect((await second.image(kept)).State).toBe('available');
    const lost = await second.image(ImageId);
    expect(lost).toMatchObject({ State: 'failed', StateReason: { Code: 'Server.InternalError' } });
    await second.running({ ImageId: kept });
    await second.close();
    expect([...first.reports, ...second.reports]).toEqual([]);
  });
});

describe('images', () => {
  open();
  let source: string;
  beforeAll(async () => {
    source = await world.running();
  });

  it('EC2-IMG-05 have names of 3 to 128 characters that no other registered image has', async () => {
    const Name = world.name('unique');
    const id = await world.baked(source, Name);
    expect(await refusal(bake(source, { Name }))).toBe('InvalidAMIName.Duplicate');
    for (const wrong of ['ab', 'x'.repeat(129), 'a*b'])
      expect(await refusal(bake(source, { Name: wrong }))).toBe('InvalidAMIName.Malformed');
    await world.ec2.send(new DeregisterImageCommand({ ImageId: id }));
    expect(await world.baked(source, Name)).not.toBe(id);
  });

  it('EC2-IMG-06 are made of running and stopped instances only', async () => {
    const { InstanceId = '' } = await world.run();
    expect(await refusal(bake(InstanceId))).toBe('IncorrectState');
    expect(await refusal(bake('i-0123456789abcdef0'))).toBe('InvalidInstanceID.NotFound');
  });

  it('EC2-IMG-07 that are disabled are hidden unless asked for, and not launched until they are enabled', async () => {
    const Name = world.name('disabled');
    const ImageId = await world.baked(source, Name);
    await world.ec2.send(new DisableImageCommand({ ImageId }));
    expect([await listed(Name), await listed(Name, true)]).toEqual([0, 1]);
    expect((await world.image(ImageId)).State).toBe('disabled');
    expect(await refusal(world.run({ ImageId }))).toBe('InvalidAMIID.Unavailable');
    await world.ec2.send(new EnableImageCommand({ ImageId }));
    expect((await world.run({ ImageId })).State?.Name).toBe('pending');
  });

  it('EC2-IMG-08 are deprecated from a time in the future on; their owner may go on with them', async () => {
    const ImageId = await world.baked(source);
    const deprecate = (ms: number) =>
      world.ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt: new Date(world.clock.now() + ms) }));
    expect(await refusal(deprecate(-60_000))).toBe('InvalidParameterValue');
    await deprecate(60_000);
    const { DeprecationTime = '' } = await world.image(ImageId);
    expect(Date.parse(DeprecationTime)).toBeGreaterThan(world.clock.now());
    await world.pass(120_000);
    expect((await world.run({ ImageId })).State?.Name).toBe('pending');
  });

  it('EC2-IMG-09 that are deregistered are unknown to lists and unavailable to calls; machines run on', async () => {
    const ImageId = await world.baked(source);
    const user = await world.running({ ImageId });
    await world.ec2.send(new DeregisterImageCommand({ ImageId }));
    const byId = () => world.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
    expect((await byId()).Images ?? []).toEqual([]);
    expect(await refusal(world.ec2.send(new DeregisterImageCommand({ ImageId })))).toBe('InvalidAMIID.Unavailable');
    expect(await refusal(world.run({ ImageId }))).toBe('InvalidAMIID.Unavailable');
    expect((await world.instance(user)).State?.Name).toBe('running');
    await world.pass(2 * delayProfiles.quick.terminatedVisible);
    const other = await world.baked(source);
    await world.ec2.send(new DeregisterImageCommand({ ImageId: other }));
    expect(await refusal(byId())).toBe('InvalidAMIID.NotFound');
  });

  it('EC2-IMG-10 that are protected stay; a protection with cooldown holds 24 hours longer', async () => {
    const ImageId = await world.baked(source);
    const deregister = () => world.ec2.send(new DeregisterImageCommand({ ImageId }));
    const protect = (WithCooldown: boolean) =>
      world.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId, WithCooldown }));
    const release = () => world.ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }));
    await protect(true);
    expect(await refusal(deregister())).toBe('OperationNotPermitted');
    await release();
    await world.pass(23 * 3600_000);
    expect((await world.image(ImageId)).DeregistrationProtection).toBe('enabled-with-cooldown');
    expect(await refusal(deregister())).toBe('OperationNotPermitted');
    await world.pass(2 * 3600_000);
    expect((await world.image(ImageId)).DeregistrationProtection).toBe('disabled');
    await protect(false);
    expect(await refusal(deregister())).toBe('OperationNotPermitted');
    await release();
    await deregister();
  });

  it('EC2-IMG-11 are copied between regions: an image of its own, that knows where it comes from', async () => {
    const SourceImageId = await world.baked(source);
    await world.ec2.send(new ModifyImageAttributeCommand({ ImageId: SourceImageId, Description: { Value: 'one' } }));
    const away = world.connect(new EC2Client({ ...world.config('us-east-1'), maxAttempts: 1 }));
    const copy = (more = {}) =>
      away.send(
        new CopyImageCommand({
          ...{ SourceImageId, SourceRegion: 'eu-west-1', Name: 'copy', ClientToken: 'a-token', ...more },
        }),
      );
    const { ImageId = '' } = await copy();
    expect((await copy()).ImageId).toBe(ImageId);
    expect(await refusal(copy({ Description: 'another' }))).toBe('IdempotentParameterMismatch');
    expect(await refusal(copy({ ClientToken: 'b-token', SourceRegion: 'mars-1' }))).toBe('InvalidParameterValue');
    const read = async () => (await away.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))).Images?.[0];
    expect(await read()).toMatchObject({ State: 'pending', SourceImageId, SourceImageRegion: 'eu-west-1' });
    await world.until(read, (one) => one?.State === 'available');
    await world.ec2.send(new DeregisterImageCommand({ ImageId: SourceImageId }));
    expect((await read())?.State).toBe('available');
    expect(await refusal(world.image(ImageId))).toBe('InvalidAMIID.NotFound');
    away.destroy();
  });

  it('EC2-IMG-12 show their launch permissions, and let accounts of 12 digits and everybody in', async () => {
    const ImageId = await world.baked(source);
    const permit = (UserId: string) =>
      world.ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ UserId }] } }));
    await permit('123456789012');
    expect(await refusal(permit('somebody'))).toBe('InvalidAMIAttributeItemValue');
    await world.ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } }));
    const { LaunchPermissions } = await world.ec2.send(
      new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }),
    );
    expect(LaunchPermissions).toEqual([{ UserId: '123456789012' }, { Group: 'all' }]);
    expect((await world.image(ImageId)).Public).toBe(true);
  });

  it('EC2-IMG-12 let organizations and their units in, in either form of the request', async () => {
    const ImageId = await world.baked(source);
    const OrganizationArn = 'arn:aws:organizations::123456789012:organization/o-exampleorg1';
    const OrganizationalUnitArn = 'arn:aws:organizations::123456789012:ou/o-exampleorg1/ou-ex4m-exampleunit';
    const permit = (LaunchPermission: ModifyImageAttributeCommandInput['LaunchPermission']) =>
      world.ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission }));
    const shown = async () =>
      (await world.ec2.send(new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' })))
        .LaunchPermissions;
    await permit({ Add: [{ OrganizationArn }, { OrganizationalUnitArn }] });
    expect(await shown()).toEqual([{ OrganizationArn }, { OrganizationalUnitArn }]);
    await permit({ Remove: [{ OrganizationArn }] });
    const older = { OrganizationalUnitArns: [OrganizationalUnitArn], OperationType: 'remove' as const };
    await world.ec2.send(new ModifyImageAttributeCommand({ ImageId, Attribute: 'launchPermission', ...older }));
    expect(await shown()).toEqual([]);
    expect(await refusal(permit({ Add: [{ OrganizationArn: 'o-1' }] }))).toBe('InvalidAMIAttributeItemValue');
  });

  it('EC2-IMG-13 show the instances and templates that name them, ten images at a call', async () => {
    const ImageId = await world.baked(source);
    const id = await world.running({ ImageId });
    const name = await world.template(ImageId);
    const ask = (ImageIds: string[]) =>
      world.ec2.send(new DescribeImageReferencesCommand({ ImageIds, IncludeAllResourceTypes: true }));
    const { ImageReferences = [] } = await ask([ImageId]);
    expect(ImageReferences.map((one) => one.ResourceType).sort()).toEqual(['ec2:Instance', 'ec2:LaunchTemplate']);
    expect(ImageReferences.some((one) => one.Arn?.endsWith(id))).toBe(true);
    expect(name).toBeTruthy();
    const many = Array.from({ length: 11 }, (_, n) => `ami-0000000000000${String(n).padStart(4, '0')}`);
    expect(await refusal(ask(many))).toBe('InvalidParameterValue');
  });

  it('EC2-IMG-14 that are deregistered never come to the recycle bin, which is always empty', async () => {
    const ImageId = await world.baked(source);
    await world.ec2.send(new DeregisterImageCommand({ ImageId }));
    expect((await world.ec2.send(new ListImagesInRecycleBinCommand({}))).Images).toEqual([]);
  });

  it('EC2-IMG-15 begin with one base image in every region', async () => {
    const away = world.connect(new EC2Client({ ...world.config('eu-central-1'), maxAttempts: 1 }));
    const { Images = [] } = await away.send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images.map((one) => one.Name)).toEqual([account.baseImageName]);
    expect((await world.image(account.baseImageId)).Name).toBe(account.baseImageName);
    away.destroy();
  });

  it('EC2-IMG-16 are looked up by well-formed ids only', async () => {
    expect(await refusal(world.image('ami-xyz'))).toBe('InvalidAMIID.Malformed');
    expect(await refusal(world.image('ami-0123456789abcdef0'))).toBe('InvalidAMIID.NotFound');
  });
});
