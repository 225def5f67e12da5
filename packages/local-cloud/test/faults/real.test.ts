import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Faults } from '../../src/faults/faults.ts';
import { FaultyBalancer } from '../../src/faults/faulty-balancer.ts';
import type { Records } from '../../src/faults/match.ts';
import { FaultRegistry } from '../../src/faults/registry.ts';
import type { MachineSpec } from '../../src/machines/driver.ts';
import { type CloudState, emptyState, type InstanceRecord } from '../../src/model.ts';
import {
  type Backend,
  freePort,
  get,
  ownAddress,
  type RealBalancer,
  startBackend,
  startDriver,
} from '../elb/support/real.ts';
import { forward, listener, loadBalancer, routing, targetGroup } from '../elb/support/records.ts';
import { eventually, SandboxFixture, serverScript, serviceRun } from '../machines/support/sandbox-fixture.ts';

const clock = systemClock();

function recordsOf(state: CloudState): Records {
  return { state: () => state, states: () => [state] };
}

describe('faults of a real balancer', () => {
  let real: RealBalancer;
  let registry: FaultRegistry;
  let balancer: FaultyBalancer;
  let url = '';
  const group = targetGroup('a', { healthyThreshold: 1, unhealthyThreshold: 2, intervalSeconds: 0.2 });
  const backends: Backend[] = [];

  beforeEach(async () => {
    real = await startDriver();
    registry = new FaultRegistry({ clock });
    balancer = new FaultyBalancer(real.driver, registry, clock, recordsOf(emptyState()));
    const at = loadBalancer(ownAddress());
    const port = await freePort(at.address);
    url = `http://${at.address}:${port}/`;
    const listeners = [listener(at, port, forward(group))];
    await balancer.apply(routing({ loadBalancers: [at], listeners, targetGroups: [group] }));
  });
  afterEach(async () => {
    await real.close();
    await Promise.all(backends.splice(0).map((one) => one.close()));
  });

  async function add(id: string): Promise<void> {
    const backend = await startBackend(id);
    backends.push(backend);
    await balancer.add(group.arn, backend);
  }
  const health = async () => Object.fromEntries((await balancer.read()).map((one) => [one.id, one.health]));
  const answers = async (times: number) => {
    const all = await Promise.all(Array.from({ length: times }, () => get(url)));
    return [...new Set(all.map(({ status, text }) => (status === 200 ? text : String(status))))].sort();
  };

  it('a target that is never healthy gets no request, until the fault is cleared', async () => {
    registry.add({ kind: 'never-healthy', count: 1 });
    await add('first');
    await add('second');
    await until(async () => JSON.stringify(await health()) === '{"second":"up","first":"down"}');
    expect(await answers(20)).toEqual(['second']);
    registry.clear();
    await until(health, ({ first }) => first === 'up');
    expect(await answers(20)).toEqual(['first', 'second']);
  });

  it('a flapping target serves only while it is up', async () => {
    await add('one');
    await until(health, ({ one }) => one === 'up');
    registry.add({ kind: 'flapping', periodMs: 1_000 });
    await until(health, ({ one }) => one === 'down');
    expect(await answers(5)).toEqual(['503']);
    await until(health, ({ one }) => one === 'up');
    expect(await answers(5)).toEqual(['one']);
    registry.clear();
  });

  it('a flapping target can leave while it is down', async () => {
    await add('one');
    await until(health, ({ one }) => one === 'up');
    registry.add({ kind: 'flapping', periodMs: 500 });
    await until(health, ({ one }) => one === 'down');
    await balancer.drain(group.arn, { id: 'one', port: backends[0]?.port ?? 0 });
    await balancer.remove(group.arn, { id: 'one', port: backends[0]?.port ?? 0 });
    expect(await health()).toEqual({});
  });

  it('CLD-FLT-11 a killed worker is replaced, with its targets', async () => {
    await add('one');
    await until(health, ({ one }) => one === 'up');
    const { worker } = real.driver.pids;
    await balancer.kill();
    await until(() => real.driver.pids.worker !== worker && real.driver.pids.worker !== 0);
    await until(health, ({ one }) => one === 'up');
    expect(await answers(3)).toEqual(['one']);
  });
});

describe('faults of sandboxed machines', () => {
  let fixture: SandboxFixture;
  let faults: Faults;
  const state = emptyState();
  const reports: unknown[] = [];
  const exits: string[] = [];

  beforeAll(async () => {
    fixture = await SandboxFixture.open();
    faults = new Faults({
      clock,
      records: recordsOf(state),
      machines: fixture.driver,
      balancer: new Proxy({} as FaultyBalancer, { get: () => undefined }),
      report: (error) => reports.push(error),
    });
    faults.machines.onExit((id, reason) => exits.push(`${id} ${reason}`));
  });
  afterAll(async () => {
    await fixture.close();
    expect(reports).toEqual([]);
  });

  const put = (file: string, content: string) =>
    `mkdir -p $(dirname ${file}); echo ${Buffer.from(content).toString('base64')} | base64 -d > ${file}; chmod 755 ${file}`;
  const web = `#!/bin/sh
${put('/etc/service/web/run', serviceRun)}
${put('/srv/server.js', serverScript)}
`;
  async function launch(availabilityZone = 'eu-west-1a', userData?: string): Promise<MachineSpec> {
    const spec = fixture.spec({ userData });
    const record = { id: spec.instanceId, imageId: spec.imageId, state: 'running', availabilityZone, tags: {} };
    state.instances[spec.instanceId] = record as unknown as InstanceRecord;
    await faults.machines.create(spec);
    await faults.machines.boot(spec);
    return spec;
  }
  const pid = async (spec: MachineSpec): Promise<number> => {
    const { body } = await request(`http://${spec.address}:8080/`);
    return ((await body.json()) as { pid: number }).pid;
  };

  it('CLD-FLT-11 backend-kill ends the service, which its supervisor starts again; the machine lives on', async () => {
    const spec = await launch('eu-west-1a', web);
    const before = await eventually(() => pid(spec));
    const fault = faults.add({ kind: 'backend-kill', instance: spec.instanceId });
    const after = await eventually(async () => {
      const now = await pid(spec);
      return now !== before && now;
    });
    expect(after).not.toBe(before);
    expect(fault.hits).toBe(1);
    expect(await fixture.ssh(spec, 'cat /proc/1/comm')).toBe('runit-init\n');
    expect(exits).toEqual([]);
  });

  it('zone-lost ends the machines of the zone as a loss of power would, and no other', async () => {
    const lost = await launch('eu-west-1b');
    const other = await launch('eu-west-1c');
    faults.add({ kind: 'zone-lost', zone: 'eu-west-1b' });
    await eventually(async () => exits.length > 0);
    expect(exits).toEqual([`${lost.instanceId} the Availability Zone eu-west-1b is lost`]);
    await expect(faults.machines.boot(lost)).rejects.toThrow('the Availability Zone eu-west-1b is lost');
    expect(await fixture.ssh(other, 'hostname')).toBe(`${other.hostname}\n`);
    faults.clear();
    await faults.machines.boot(lost);
    expect(await fixture.ssh(lost, 'hostname')).toBe(`${lost.hostname}\n`);
  });
});
