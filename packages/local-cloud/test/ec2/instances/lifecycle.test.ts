import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, test } from 'vitest';
import { SimulatedDriver } from '../../../src/machines/simulated-driver.ts';
import { emptyState } from '../../../src/model.ts';
import { account } from '../../../src/settings.ts';
import { delays, settled, setUp, times } from '../support.ts';

const base = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 };

test('a launch is pending for the configured delays, then running, on a machine of its own', async () => {
  const cloud = setUp();
  const { Instances } = await cloud.send('RunInstances', base);
  const id = Instances[0].InstanceId;
  expect(Instances[0]).toMatchObject({ State: { Name: 'pending', Code: 0 }, PrivateIpAddress: '127.9.16.1' });
  await cloud.clock.advance(delays.instancePending + delays.instanceBoot - 1);
  expect(await cloud.stateOf(id)).toBe('pending');
  expect(cloud.driver.isRunning(id)).toBe(true);
  await cloud.clock.advance(1);
  expect(await cloud.stateOf(id)).toBe('running');
});

test('at most four machines boot at once', async () => {
  const cloud = setUp();
  await cloud.send('RunInstances', { ...base, MinCount: 10, MaxCount: 10 });
  const up = () => Object.keys(cloud.state.instances).filter((id) => cloud.driver.isRunning(id)).length;
  const boot = times.create + times.boot;
  await cloud.clock.advance(delays.instancePending + boot);
  expect(up()).toBe(4);
  await cloud.clock.advance(boot);
  expect(up()).toBe(8);
  await cloud.clock.advance(boot);
  expect(up()).toBe(10);
});

test('machines of a driver without such a limit boot all at once', async () => {
  const clock = new ManualClock();
  const images = [account.baseImageId];
  const driver = new SimulatedDriver({ clock, images, times, concurrentBoots: Number.POSITIVE_INFINITY });
  const cloud = setUp(emptyState(), { clock, machines: driver });
  await cloud.send('RunInstances', { ...base, MinCount: 10, MaxCount: 10 });
  await clock.advance(delays.instancePending + times.create + times.boot);
  expect(Object.keys(cloud.state.instances).filter((id) => driver.isRunning(id))).toHaveLength(10);
});

test('stop, start and reboot keep the disk and the address', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const stop = await cloud.send('StopInstances', { InstanceIds: [id] });
  expect(stop.StoppingInstances[0]).toMatchObject({
    PreviousState: { Name: 'running' },
    CurrentState: { Name: 'stopping', Code: 64 },
  });
  await cloud.clock.advance(settled);
  expect(await cloud.instance(id)).toMatchObject({
    State: { Name: 'stopped' },
    StateReason: { Code: 'Client.UserInitiatedShutdown' },
    StateTransitionReason: 'User initiated (2026-01-01 00:00:01 GMT)',
    PrivateIpAddress: '127.9.16.1',
  });
  expect(cloud.driver.isRunning(id)).toBe(false);
  await cloud.send('StartInstances', { InstanceIds: [id] });
  expect(await cloud.stateOf(id)).toBe('pending');
  await cloud.clock.advance(settled);
  expect(await cloud.instance(id)).toMatchObject({ State: { Name: 'running' }, StateReason: undefined });

  await cloud.send('RebootInstances', { InstanceIds: [id] });
  await cloud.clock.advance(times.shutdown - 1);
  expect(await cloud.stateOf(id)).toBe('running');
  const { InstanceStatuses } = await cloud.send('DescribeInstanceStatus', { InstanceIds: [id] });
  expect(InstanceStatuses[0].InstanceStatus.Status).toBe('initializing');
  await cloud.clock.advance(settled);
  expect(cloud.driver.isRunning(id)).toBe(true);
});

test('a terminated instance gives back its address and disk, stays visible for a while, and is then forgotten', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const seen: string[] = [];
  cloud.ec2.instances.onStateChange((changed) => seen.push(cloud.state.instances[changed]?.state ?? 'gone'));
  const first = cloud.ec2.instances.terminate(id);
  expect(cloud.ec2.instances.terminate(id)).toBe(first);
  await cloud.clock.advance(delays.instanceShutdown);
  await first;
  expect(seen).toEqual(['shutting-down', 'terminated']);
  expect(cloud.taken.size).toBe(0);
  const gone = await cloud.instance(id);
  expect(gone).toMatchObject({ State: { Name: 'terminated' }, NetworkInterfaces: [], BlockDeviceMappings: [] });
  expect(gone.PrivateIpAddress).toBeUndefined();
  await expect(cloud.driver.snapshot(id, 'ami-1')).rejects.toThrow('has no disk');
  await cloud.clock.advance(delays.terminatedVisible);
  expect(await cloud.code('DescribeInstances', { InstanceIds: [id] })).toBe('InvalidInstanceID.NotFound');
  expect(cloud.reports).toEqual([]);
});

test('terminating during the boot leaves nothing behind', async () => {
  for (const after of [
    0,
    delays.instancePending + 10,
    delays.instancePending + times.create + 10,
    delays.instancePending + 100,
  ]) {
    const cloud = setUp();
    const { Instances } = await cloud.send('RunInstances', base);
    const id = Instances[0].InstanceId;
    await cloud.clock.advance(after);
    await cloud.send('TerminateInstances', { InstanceIds: [id] });
    expect(await cloud.stateOf(id)).toBe('shutting-down');
    await cloud.clock.advance(settled);
    expect(await cloud.stateOf(id)).toBe('terminated');
    await expect(cloud.driver.snapshot(id, 'ami-1')).rejects.toThrow('has no disk');
    expect(cloud.taken.size).toBe(0);
    expect(cloud.reports).toEqual([]);
  }
});

test('a first boot that fails terminates the instance, with the machine’s reason', async () => {
  const cloud = setUp();
  cloud.driver.fail(account.baseImageId, 'boot', 'init exited with status 1');
  const [id = ''] = await cloud.run();
  expect(await cloud.instance(id)).toMatchObject({
    State: { Name: 'terminated' },
    StateReason: { Code: 'Server.InternalError', Message: 'Server.InternalError: init exited with status 1' },
  });
  expect(cloud.taken.size).toBe(0);
});

test('a machine that dies just after its first boot, still pending, is a failed launch', async () => {
  const cloud = setUp();
  const { Instances } = await cloud.send('RunInstances', base);
  const id = Instances[0].InstanceId;
  await cloud.clock.advance(delays.instancePending + times.create + times.boot + 10);
  cloud.driver.kill(id, 'killed by SIGSEGV');
  await cloud.clock.advance(settled);
  expect(await cloud.instance(id)).toMatchObject({
    State: { Name: 'terminated' },
    StateReason: { Message: 'Server.InternalError: the machine exited while booting: killed by SIGSEGV' },
  });
  expect(cloud.taken.size).toBe(0);
});

test('a machine that cannot be stopped stays running, and can be stopped later', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { shutdown } = cloud.driver;
  cloud.driver.shutdown = () => Promise.reject(new Error('stuck'));
  await cloud.send('StopInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  expect(await cloud.stateOf(id)).toBe('running');
  expect(cloud.reports).toEqual([new Error('stuck')]);
  cloud.driver.shutdown = shutdown;
  await cloud.send('StopInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  expect(await cloud.stateOf(id)).toBe('stopped');
});

test('a machine that dies by itself is stopped; with the shutdown behavior "terminate" it is terminated', async () => {
  const cloud = setUp();
  const [a = ''] = await cloud.run();
  const [b = ''] = await cloud.run(1, { InstanceInitiatedShutdownBehavior: 'terminate' });
  cloud.driver.kill(a);
  cloud.driver.kill(b);
  expect(await cloud.instance(a)).toMatchObject({
    State: { Name: 'stopped' },
    StateReason: { Code: 'Client.InstanceInitiatedShutdown' },
  });
  expect(await cloud.stateOf(b)).toBe('shutting-down');
  await cloud.clock.advance(settled);
  expect(await cloud.stateOf(b)).toBe('terminated');
  await cloud.send('StartInstances', { InstanceIds: [a] });
  await cloud.clock.advance(settled);
  expect(await cloud.stateOf(a)).toBe('running');
});

test('a later boot that fails stops the instance and keeps its disk', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  cloud.driver.fail(account.baseImageId, 'boot', 'disk full');
  await cloud.send('RebootInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  expect(await cloud.instance(id)).toMatchObject({
    State: { Name: 'stopped' },
    StateReason: { Code: 'Server.InternalError' },
  });
  cloud.driver.fail(account.baseImageId, 'boot', undefined);
  await cloud.send('StartInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  expect(await cloud.stateOf(id)).toBe('running');
});

test('what a state does not allow is refused', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  await cloud.send('ModifyInstanceAttribute', { InstanceId: id, DisableApiTermination: { Value: true } });
  expect(await cloud.code('TerminateInstances', { InstanceIds: [id] })).toBe('OperationNotPermitted');
  await cloud.send('ModifyInstanceAttribute', { InstanceId: id, DisableApiTermination: { Value: false } });
  expect(await cloud.code('ModifyInstanceAttribute', { InstanceId: id, UserData: { Value: Buffer.from('x') } })).toBe(
    'IncorrectInstanceState',
  );
  await cloud.send('TerminateInstances', { InstanceIds: [id] });
  expect(await cloud.code('StartInstances', { InstanceIds: [id] })).toBe('IncorrectInstanceState');
  expect(await cloud.code('StopInstances', { InstanceIds: [id] })).toBe('IncorrectInstanceState');
  expect(await cloud.code('RebootInstances', { InstanceIds: ['i-0123456789abcdef0'] })).toBe(
    'InvalidInstanceID.NotFound',
  );
  expect(await cloud.code('RebootInstances', { InstanceIds: ['i-xyz'] })).toBe('InvalidInstanceID.Malformed');
});

test('after a restart of the cloud pending and running instances boot again, with id, address and disk', async () => {
  const before = setUp();
  const [running = '', stopped = '', ending = ''] = await before.run(3);
  await before.send('StopInstances', { InstanceIds: [stopped] });
  await before.clock.advance(settled);
  const { Instances } = await before.send('RunInstances', base);
  const pending = Instances[0].InstanceId;
  await before.clock.advance(delays.instancePending + 10);
  await before.send('TerminateInstances', { InstanceIds: [ending] });
  before.ec2.stop();
  await before.driver.close();
  await before.clock.advance(settled);
  const saved = JSON.parse(JSON.stringify(before.state));
  expect(saved.instances[running].state).toBe('running');

  const after = setUp(saved);
  const disks = [running, stopped].map((instanceId) => after.driver.create({ ...spec, instanceId }));
  await after.clock.advance(times.create);
  await Promise.all(disks);
  let revived = false;
  void after.ec2.reviveInstances().then(() => (revived = true));
  expect(await after.stateOf(running)).toBe('running');
  await after.clock.advance(settled);
  expect(revived).toBe(true);
  const states = Object.values(after.state.instances).map((one) => [one.id, one.state]);
  expect(Object.fromEntries(states)).toEqual({
    [running]: 'running',
    [stopped]: 'stopped',
    [pending]: 'running',
    [ending]: 'terminated',
  });
  expect(after.driver.isRunning(running)).toBe(true);
  expect((await after.instance(running)).PrivateIpAddress).toBe('127.9.16.1');
  expect(after.reports).toEqual([]);
});

const spec = { imageId: account.baseImageId, address: '127.9.16.1', hostname: 'h' };
