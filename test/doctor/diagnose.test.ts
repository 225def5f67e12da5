import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  enterStandby,
  exitStandby,
  readGroup,
  resumeProcesses,
  setCapacity,
  suspendProcesses,
} from '../../src/aws/groups.ts';
import { openPort } from '../../src/aws/security-groups.ts';
import { tagKeys, toTags } from '../../src/aws/tags.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { runAll } from '../../src/doctor/finding.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';
import { foreignTask } from '../support/simulated-hosts.ts';
import { expectRunnable } from './support/printed-fixes.ts';

let world: Simulated;
let services: DoctorServices;
let quota = 1000;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  services = Object.assign(world.services, {
    vcpuQuota: async () => quota,
    unitQuota: async () => 100,
    identity: async () => ({ account: '000000000000', arn: 'arn:aws:iam::000000000000:root' }),
  });
  for (let release = 0; release < 2; release++) {
    const result = await world.run(await planRelease(services, world.clock, {}));
    expect(result.error).toBeUndefined();
  }
}, 60_000);
afterAll(() => world.close());

/** Everything that is not well, as `id: message | fix`. */
async function complaints(): Promise<string[]> {
  const found = await diagnose(services, world.clock);
  await expectRunnable(found);
  return found.filter((one) => one.severity !== 'ok').map((one) => `${one.id}: ${one.message} | ${one.fix}`);
}

/** {@link complaints} while the plays have these variables. */
async function complaintsWith(variables: Record<string, unknown>): Promise<string[]> {
  const { ansible } = services.fleet;
  const before = ansible.variables;
  ansible.variables = variables;
  try {
    return await complaints();
  } finally {
    ansible.variables = before;
  }
}

const group = () => services.fleet.names.group;

describe('doctor', () => {
  it('warns about a play variable without a value, which a release refuses', async () => {
    expect(await complaintsWith({ env: { KEY: undefined }, empty: '' })).toEqual([
      'config.unset-variable: ansible.variables.env.KEY has no value: a release is refused | set the shell variable that pipelines/api.ts reads it from',
    ]);
  });

  it('reports how a release uses the playbook, and warns about one that it refuses', async () => {
    const tasks = world.playbook.plays[0]?.tasks ?? [];
    const found = async () => {
      const one = (await diagnose(services, world.clock)).find(({ id }) => id === 'ansible.playbook');
      return `${one?.severity}: ${one?.message}`;
    };
    expect(await found()).toMatch(/^ok: api.yml changes nothing beside the folder of a release/);
    tasks.push(foreignTask);
    expect(await found()).toMatch(
      /^ok: api.yml may change the host, so .* out of the load balancer first: role nginx: 1 task/,
    );
    const [release] = tasks.splice(1, 1);
    expect(await found()).toMatch(/^warning: a release is refused: api.yml does not apply the release role/);
    tasks.splice(1, 1, release as (typeof tasks)[number]);
  });

  it('finds nothing wrong with a healthy fleet, and lists what it checked', async () => {
    expect(await complaints()).toEqual([]);
    const ids = (await diagnose(services, world.clock)).map((one) => one.id);
    for (const id of [
      'account.identity',
      'account.permissions',
      'account.quota',
      'fleet.health',
      'ledger',
      'base.age',
      'rollback',
    ]) {
      expect(ids).toContain(id);
    }
  });

  it('finds a host in Standby and suspended processes, with the commands that fix them', async () => {
    const { autoScaling } = services.aws;
    const host = (await readGroup(autoScaling, group())).instances[0]?.id ?? '';
    await setCapacity(autoScaling, group(), { min: 3 });
    await suspendProcesses(autoScaling, group(), ['AZRebalance']);
    await enterStandby(autoScaling, group(), [host]);
    await lifecycle(host, 'Standby');
    const found = await complaints();
    expect(found.join('\n')).toContain(`exit-standby --auto-scaling-group-name ${group()} --instance-ids ${host}`);
    expect(found.join('\n')).toContain(
      `resume-processes --auto-scaling-group-name ${group()} --scaling-processes AZRebalance`,
    );
    // In a full group, Auto Scaling refuses to bring it back.
    await setCapacity(autoScaling, group(), { max: 3 });
    const ofFull = (await complaints()).join('\n');
    expect(ofFull).not.toContain('exit-standby');
    expect(ofFull).toContain(
      `terminate-instance-in-auto-scaling-group --no-should-decrement-desired-capacity --instance-id ${host}`,
    );
    await setCapacity(autoScaling, group(), { max: 12 });
    // Of a run that died: its journal knows what to do with that host.
    const { ledger, fleet } = services;
    const run = { id: createRunId(world.clock), operation: 'release', app: fleet.app, environment: 'local', steps: [] };
    const startedAt = new Date(world.clock.now()).toISOString();
    const crashed = { ...run, startedAt, by: 'ann', host: 'h', command: 'pipeline release api' };
    await ledger.saveRun(crashed);
    const ofDead = (await complaints()).join('\n');
    expect(ofDead).not.toContain('exit-standby');
    expect(ofDead).not.toContain('resume-processes');
    expect(ofDead).toContain('pipeline abort api');
    await ledger.saveRun({ ...crashed, outcome: 'interrupted', finishedAt: startedAt });
    await exitStandby(autoScaling, group(), [host]);
    await lifecycle(host, 'InService');
    await resumeProcesses(autoScaling, group(), ['AZRebalance']);
    await setCapacity(autoScaling, group(), { min: 4 });
  });

  it('finds instances of finished runs, an expired opening, and a quota that is too small', async () => {
    const { ec2 } = services.aws;
    const { LaunchTemplateId, Version } = await templateOf();
    const tags = { [tagKeys.app]: 'api', [tagKeys.environment]: 'local', [tagKeys.role]: 'validation' };
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        LaunchTemplate: { LaunchTemplateId, Version },
        TagSpecifications: [{ ResourceType: 'instance', Tags: toTags(tags) }],
      }),
    );
    await openPort(ec2, {
      groupId: 'sg-0a0a0a0a0a0a0a0a0',
      app: 'api',
      file: 'sg',
      environment: 'local',
      name: 'ssh',
      port: 22,
      cidr: '192.0.2.7/32',
      expires: world.clock.now() - 1000,
      by: 'tester',
    });
    quota = 10;
    services.fleet.scale.reservedCapacityUnits = 300;
    const found = (await complaints()).join('\n');
    expect(found).toContain(
      `${Instances?.[0]?.InstanceId} is the validation instance of a run that it does not name | pipeline local aws ec2 terminate-instances`,
    );
    expect(found).toContain(
      'port 22 is open to 192.0.2.7/32 (ssh, by tester), and its time is over | pipeline sg close',
    );
    delete services.fleet.scale.reservedCapacityUnits;
    expect(found).toContain(
      'an event reserves 300 capacity units, and the load balancers of the region may reserve 100',
    );
    expect(found).toMatch(/account.quota: a roll of the largest fleet needs \d+ vCPUs, and the account may run 10/);
  });

  it('reports what it could not check, and continues', async () => {
    const found = await runAll([
      { id: 'broken', run: () => Promise.reject(new Error('no network')) },
      { id: 'well', run: async () => [{ id: 'well', severity: 'ok', message: 'fine' }] },
    ]);
    expect(found.map(({ id, severity, message }) => `${id} ${severity} ${message}`)).toEqual([
      'broken error no network',
      'well ok fine',
    ]);
  });
});

/** Waits until an instance of the group has got so far. */
const lifecycle = (id: string, wanted: string) =>
  world.until(
    async () => (await readGroup(services.aws.autoScaling, group())).instances.find((one) => one.id === id),
    (one) => one?.lifecycle === wanted,
    { what: `${id} is ${wanted}` },
  );

async function templateOf() {
  const { launchTemplate } = await readGroup(services.aws.autoScaling, group());
  return { LaunchTemplateId: launchTemplate.id, Version: launchTemplate.version };
}
