import { systemClock } from '@golden-pipeline/shared/clock';
import { describe, expect, it } from 'vitest';
import { createIamService } from '../../src/iam/service.ts';
import type { MetadataAnswer } from '../../src/machines/driver.ts';
import { MetadataService } from '../../src/metadata/service.ts';
import { emptyState, type GroupRecord, type InstanceRecord } from '../../src/model.ts';
import { homeRegion } from '../../src/regions.ts';
import { account } from '../../src/settings.ts';
import { Sessions } from '../../src/sts/sessions.ts';
import type { CallContext } from '../../src/wire/handler.ts';
import { trusting, trustingEc2 } from '../iam/client.ts';

const hour = 3_600_000;

/** An instance with a profile, and what it is answered at a time of the test's choice. */
function open() {
  const state = emptyState();
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = { ...systemClock(), now: () => now };
  const { handlers, store: iam } = createIamService({ state, clock, changed: () => undefined });
  const call = (name: string, input: object) => handlers[name]?.(input, {} as CallContext);
  const sessions = new Sessions('secret', (id) => iam.roleById(id) !== undefined);
  const service = new MetadataService({ iam, sessions, clock });
  const record: InstanceRecord = {
    ...{ id: 'i-1', imageId: 'ami-1', instanceType: 't3.micro', state: 'running', address: '127.9.16.1' },
    ...{ availabilityZone: 'eu-west-1a', subnetId: 'subnet-1', vpcId: 'vpc-1', securityGroupIds: [], launchTime: now },
    ...{ tags: { app: 'api', 'aws:x': 'y' }, volumeId: 'vol-1', reservationId: 'r-1' },
    iamInstanceProfile: `arn:aws:iam::${account.id}:instance-profile/web`,
  };
  state.instances[record.id] = record;
  call('CreateRole', { RoleName: 'web', AssumeRolePolicyDocument: trustingEc2 });
  call('CreateInstanceProfile', { InstanceProfileName: 'web' });
  call('AddRoleToInstanceProfile', { InstanceProfileName: 'web', RoleName: 'web' });
  const place = { state, region: homeRegion };
  const ask = (method: string, path: string, headers: Record<string, string> = {}): MetadataAnswer =>
    service.answer(record, place, { method, path, headers });
  const read = (path: string) => ask('GET', `/latest/${path}`).body;
  const keys = () => JSON.parse(read('meta-data/iam/security-credentials/web'));
  const pass = (ms: number) => {
    now += ms;
  };
  return { state, record, call, sessions, ask, read, keys, pass, now: () => now };
}

describe('the metadata service', () => {
  it('gives the same credentials until an hour before their end, then new ones while the old ones are good', () => {
    const { keys, pass, sessions, now } = open();
    const first = keys();
    expect(first).toMatchObject({ Expiration: '2026-01-01T06:00:00Z', LastUpdated: '2026-01-01T00:00:00Z' });
    pass(4.9 * hour);
    expect(keys()).toEqual(first);
    pass(0.2 * hour);
    const second = keys();
    expect(second.AccessKeyId).not.toBe(first.AccessKeyId);
    expect(sessions.find(first.AccessKeyId, first.Token, now())).toMatchObject({
      secretAccessKey: first.SecretAccessKey,
      identity: { role: 'web', arn: `arn:aws:sts::${account.id}:assumed-role/web/i-1` },
    });
    pass(hour);
    expect(sessions.find(first.AccessKeyId, first.Token, now())).toBe('expired');
    expect(sessions.find(second.AccessKeyId, first.Token, now())).toBe('unknown');
  });

  it('gives the credentials of the role that the profile has now, and none once it has none', () => {
    const { keys, call, ask } = open();
    const first = keys();
    call('RemoveRoleFromInstanceProfile', { InstanceProfileName: 'web', RoleName: 'web' });
    expect(ask('GET', '/latest/meta-data/iam/security-credentials/').status).toBe(404);
    call('DeleteRole', { RoleName: 'web' });
    call('CreateRole', { RoleName: 'web', AssumeRolePolicyDocument: trustingEc2 });
    call('AddRoleToInstanceProfile', { InstanceProfileName: 'web', RoleName: 'web' });
    expect(keys().AccessKeyId).not.toBe(first.AccessKeyId);
  });

  it('says why there are no credentials of a role that does not trust EC2', () => {
    const { keys, call } = open();
    call('UpdateAssumeRolePolicy', { RoleName: 'web', PolicyDocument: trusting({ AWS: account.id }) });
    expect(keys()).toMatchObject({ Code: 'AssumeRoleUnauthorizedAccess' });
    expect(keys().SecretAccessKey).toBeUndefined();
  });

  it('ends tokens after their time', () => {
    const { ask, pass } = open();
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    const { body: token, headers } = ask('PUT', '/latest/api/token', ttl);
    expect(headers).toEqual(ttl);
    const get = () => ask('GET', '/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': token }).status;
    expect(get()).toBe(200);
    pass(60_000);
    expect(get()).toBe(401);
    expect(ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '1e1x' }).status).toBe(400);
    expect(ask('PUT', '/latest/meta-data', ttl).status).toBe(405);
    expect(ask('DELETE', '/latest/meta-data').status).toBe(405);
  });

  it('tells the state that Auto Scaling brings the instance to, and its tags only where they are enabled', () => {
    const { state, record, read, ask } = open();
    const target = 'meta-data/autoscaling/target-lifecycle-state';
    expect(ask('GET', `/latest/${target}`).status).toBe(404);
    const member = { instanceId: record.id, lifecycleState: 'Pending:Wait' };
    state.groups.web = { instances: [member] } as unknown as GroupRecord;
    const states = ['Pending:Wait', 'InService', 'EnteringStandby', 'Detaching', 'Terminating:Wait', 'Warmed:Stopped'];
    const told = states.map((lifecycleState) => {
      Object.assign(member, { lifecycleState });
      return read(target);
    });
    expect(told).toEqual(['InService', 'InService', 'Standby', 'Detached', 'Terminated', 'Warmed:Stopped']);
    expect(ask('GET', '/latest/meta-data/tags/instance/app').status).toBe(404);
    record.metadataOptions = { InstanceMetadataTags: 'enabled' };
    expect(read('meta-data/tags/instance')).toBe('app');
    expect(ask('GET', '/2021-01-03/meta-data/instance-id').body).toBe('i-1');
    expect(ask('GET', '/').body).toBe('latest');
    expect(ask('GET', '/latest/').body.split('\n')).toEqual(['dynamic/', 'meta-data/']);
  });
});
