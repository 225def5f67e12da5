import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
  ReplaceIamInstanceProfileAssociationCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { startLocalCloud } from '../../src/daemon/cloud.ts';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from '../behaviour/support.ts';
import { eachWithCloud } from '../clients/support.ts';
import { allowing, iam, makeProfile, trusting, trustingEc2 } from './client.ts';

describe('IAM', () => {
  const visit = eachWithCloud('iam');
  const send = (action: string, parameters?: Record<string, string>) => iam(visit.cloud, action, parameters);
  const role = { RoleName: 'web', AssumeRolePolicyDocument: trustingEc2 };

  it('IAM-ROL-01 makes roles with a trust policy, and describes them', async () => {
    const made = await send('CreateRole', {
      ...role,
      Path: '/app/',
      Description: 'serves',
      'Tags.member.1.Key': 'a',
      'Tags.member.1.Value': 'b',
    });
    expect(made.value('Arn')).toBe(`arn:aws:iam::${account.id}:role/app/web`);
    expect(made.value('RoleId')).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect((await send('CreateRole', role)).code).toBe('EntityAlreadyExists');
    const read = await send('GetRole', { RoleName: 'web' });
    expect(decodeURIComponent(read.value('AssumeRolePolicyDocument') ?? '')).toBe(trustingEc2);
    expect(read.value('MaxSessionDuration')).toBe('3600');
    expect((await send('UpdateRole', { RoleName: 'web', MaxSessionDuration: '43201' })).code).toBe('ValidationError');
    await send('UpdateRole', { RoleName: 'web', MaxSessionDuration: '7200' });
    expect((await send('GetRole', { RoleName: 'web' })).value('MaxSessionDuration')).toBe('7200');
    expect((await send('ListRoles', { PathPrefix: '/app/' })).values('RoleName')).toEqual(['web']);
    expect((await send('ListRoles', { PathPrefix: '/other/' })).values('RoleName')).toEqual([]);
    expect((await send('ListRoleTags', { RoleName: 'web' })).values('Key')).toEqual(['a']);
    for (const name of ['none', '__proto__', 'constructor']) {
      expect((await send('GetRole', { RoleName: name })).code).toBe('NoSuchEntity');
    }
    expect((await send('CreateRole', { ...role, RoleName: 'a b' })).code).toBe('ValidationError');
    expect((await send('CreateRole', { ...role, RoleName: 'x', Path: 'no' })).code).toBe('ValidationError');
    const broken = { RoleName: 'x', AssumeRolePolicyDocument: '{"Statement": 1' };
    expect((await send('CreateRole', broken)).code).toBe('MalformedPolicyDocument');
    expect((await send('CreateUser', { UserName: 'x' })).code).toBe('InvalidAction');
  });

  it('IAM-ROL-02 gives roles inline and managed policies', async () => {
    await send('CreateRole', role);
    const policy = allowing('ssm:GetParameter');
    await send('PutRolePolicy', { RoleName: 'web', PolicyName: 'own', PolicyDocument: policy });
    const read = await send('GetRolePolicy', { RoleName: 'web', PolicyName: 'own' });
    expect(decodeURIComponent(read.value('PolicyDocument') ?? '')).toBe(policy);
    expect((await send('PutRolePolicy', { RoleName: 'web', PolicyName: 'x', PolicyDocument: 'no' })).code).toBe(
      'MalformedPolicyDocument',
    );
    const managed = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore';
    await send('AttachRolePolicy', { RoleName: 'web', PolicyArn: managed });
    const own = (await send('CreatePolicy', { PolicyName: 'shared', PolicyDocument: policy })).value('Arn') ?? '';
    await send('AttachRolePolicy', { RoleName: 'web', PolicyArn: own });
    expect((await send('ListAttachedRolePolicies', { RoleName: 'web' })).values('PolicyArn').sort()).toEqual(
      [own, managed].sort(),
    );
    expect((await send('ListRolePolicies', { RoleName: 'web' })).values('member')).toEqual(['own']);
    expect((await send('AttachRolePolicy', { RoleName: 'web', PolicyArn: `${own}x` })).code).toBe('NoSuchEntity');
    expect((await send('DeletePolicy', { PolicyArn: own })).code).toBe('DeleteConflict');
    const version = await send('GetPolicyVersion', { PolicyArn: own, VersionId: 'v1' });
    expect(decodeURIComponent(version.value('Document') ?? '')).toBe(policy);
    expect((await send('ListPolicies', { Scope: 'Local' })).values('PolicyName')).toEqual(['shared']);
  });

  it('IAM-ROL-03 deletes nothing that something else hangs on, in the order of Packer and Terraform', async () => {
    await makeProfile(visit.cloud, 'web', allowing('*'));
    const [ofRole, ofProfile] = [{ RoleName: 'web' }, { InstanceProfileName: 'web' }];
    const profile = await send('GetInstanceProfile', ofProfile);
    expect(profile.values('Arn').sort()).toEqual([
      `arn:aws:iam::${account.id}:instance-profile/web`,
      `arn:aws:iam::${account.id}:role/web`,
    ]);
    expect((await send('ListInstanceProfilesForRole', ofRole)).values('InstanceProfileName')).toEqual(['web']);
    expect((await send('AddRoleToInstanceProfile', { ...ofRole, ...ofProfile })).code).toBe('LimitExceeded');
    expect((await send('DeleteRole', ofRole)).code).toBe('DeleteConflict');
    expect((await send('DeleteInstanceProfile', ofProfile)).code).toBe('DeleteConflict');
    expect((await send('RemoveRoleFromInstanceProfile', { ...ofRole, ...ofProfile })).code).toBeUndefined();
    expect((await send('DeleteRole', ofRole)).code).toBe('DeleteConflict');
    expect((await send('DeleteRolePolicy', { ...ofRole, PolicyName: 'own' })).code).toBeUndefined();
    expect((await send('DeleteRole', ofRole)).code).toBeUndefined();
    expect((await send('DeleteInstanceProfile', ofProfile)).code).toBeUndefined();
    expect((await send('GetInstanceProfile', ofProfile)).code).toBe('NoSuchEntity');
  });

  it("IAM-ROL-04 is the account's, whatever the region, and outlives the daemon", async () => {
    await makeProfile(visit.cloud, 'web', allowing('*'), trusting({ AWS: account.id }));
    await visit.cloud.close();
    visit.cloud = await startLocalCloud({ dir: `${visit.dir}/cloud`, driver: 'simulated' });
    expect((await send('GetInstanceProfile', { InstanceProfileName: 'web' })).values('RoleName')).toEqual(['web']);
    expect((await send('GetRole', { RoleName: 'toString' })).code).toBe('NoSuchEntity');
  });
});

describe('instance profiles', () => {
  let world: World;
  openWorld((opened) => (world = opened), { wire: true });
  const profile = (name: string) => makeProfile(world.place, name, allowing('*'));

  it('EC2-PRF-01 are given at a launch, by name or ARN, and must be there and have a role', async () => {
    await profile('web');
    const Arn = `arn:aws:iam::${account.id}:instance-profile/web`;
    for (const named of [{ Name: 'web' }, { Arn }]) {
      const { IamInstanceProfile } = await world.run({ IamInstanceProfile: named });
      expect(IamInstanceProfile).toMatchObject({ Arn, Id: expect.stringMatching(/^AIPA/) });
    }
    await iam(world.place, 'CreateInstanceProfile', { InstanceProfileName: 'empty' });
    for (const IamInstanceProfile of [{ Name: 'none' }, { Arn: `${Arn}x` }, { Name: 'empty' }]) {
      const request = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1, IamInstanceProfile };
      expect(await refusal(world.ec2.send(new RunInstancesCommand(request)))).toBe('InvalidParameterValue');
    }
    const both = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1, IamInstanceProfile: { Arn, Name: 'web' } };
    expect(await refusal(world.ec2.send(new RunInstancesCommand(both)))).toBe('InvalidParameterCombination');
  });

  it('EC2-PRF-02 are put on instances, exchanged and taken off', async () => {
    await profile('one');
    await profile('two');
    const { InstanceId } = await world.run();
    const associate = new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Name: 'one' } });
    const { IamInstanceProfileAssociation: first } = await world.ec2.send(associate);
    expect(first?.State).toBe('associating');
    expect(await refusal(world.ec2.send(associate))).toBe('IncorrectState');
    const of = [{ Name: 'instance-id', Values: [InstanceId ?? ''] }];
    const list = async () => {
      const answer = await world.ec2.send(new DescribeIamInstanceProfileAssociationsCommand({ Filters: of }));
      return answer.IamInstanceProfileAssociations;
    };
    expect(await list()).toMatchObject([{ AssociationId: first?.AssociationId, State: 'associated' }]);
    const { IamInstanceProfileAssociation: second } = await world.ec2.send(
      new ReplaceIamInstanceProfileAssociationCommand({
        AssociationId: first?.AssociationId,
        IamInstanceProfile: { Name: 'two' },
      }),
    );
    expect(second?.IamInstanceProfile?.Arn).toContain('/two');
    const off = (AssociationId?: string) =>
      world.ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }));
    expect(await refusal(off(first?.AssociationId))).toBe('InvalidAssociationID.NotFound');
    await off(second?.AssociationId);
    expect(await list()).toEqual([]);
    expect((await world.instance(InstanceId ?? '')).IamInstanceProfile).toBeUndefined();
  });
});
