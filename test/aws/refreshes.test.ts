import {
  AutoScalingClient,
  CancelInstanceRefreshCommand,
  DescribeInstanceRefreshesCommand,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { cancelRefresh, isActive, readRefresh, rollbackRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import { refusal } from './support/refusal.ts';

const client = new AutoScalingClient({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(client);
const preferences = { minHealthyPercentage: 100, maxHealthyPercentage: 200, instanceWarmupSeconds: 0 };
const active = (Version: string) => ({
  InstanceRefreshes: [
    {
      InstanceRefreshId: 'r-1',
      Status: 'InProgress' as const,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: 'lt-1', Version } },
    },
  ],
});

beforeEach(() => mock.reset());

describe('startRefresh', () => {
  it('sets the numbered version as desired configuration and never waits for standby or protected instances', async () => {
    mock.on(StartInstanceRefreshCommand).resolves({ InstanceRefreshId: 'r-1' });
    expect(await startRefresh(client, 'api', { id: 'lt-1', version: '7' }, preferences)).toBe('r-1');
    expect(mock.commandCalls(StartInstanceRefreshCommand)[0]?.args[0].input).toMatchObject({
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '7' } },
      Preferences: {
        AutoRollback: true,
        SkipMatching: true,
        StandbyInstances: 'Ignore',
        ScaleInProtectedInstances: 'Refresh',
      },
    });
  });

  it('adopts an active refresh to the same version', async () => {
    mock.on(StartInstanceRefreshCommand).rejects(refusal('InstanceRefreshInProgressFault'));
    mock.on(DescribeInstanceRefreshesCommand).resolves(active('7'));
    expect(await startRefresh(client, 'api', { id: 'lt-1', version: '7' }, preferences)).toBe('r-1');
  });

  it('does not adopt an active refresh to another version', async () => {
    mock.on(StartInstanceRefreshCommand).rejects(refusal('InstanceRefreshInProgressFault'));
    mock.on(DescribeInstanceRefreshesCommand).resolves(active('6'));
    await expect(startRefresh(client, 'api', { id: 'lt-1', version: '7' }, preferences)).rejects.toThrow(
      'InstanceRefreshInProgress',
    );
  });
});

describe('canceling a refresh', () => {
  it('detects when a refresh has finished', async () => {
    mock.on(DescribeInstanceRefreshesCommand).resolves(active('7'));
    expect(isActive(await readRefresh(client, 'api'))).toBe(true);
    expect(isActive(undefined)).toBe(false);
    expect(isActive({ id: 'r', status: 'RollbackSuccessful', percentage: 100, remaining: 0 })).toBe(false);
    expect(isActive({ id: 'r', status: 'Baking', percentage: 100, remaining: 0 })).toBe(true);
  });

  it('accepts "none active" as an answer, and no other error', async () => {
    mock.on(CancelInstanceRefreshCommand).rejects(refusal('ActiveInstanceRefreshNotFoundFault'));
    await expect(cancelRefresh(client, 'api')).resolves.toBeUndefined();
    mock.on(RollbackInstanceRefreshCommand).rejects(refusal('IrreversibleInstanceRefreshFault'));
    expect(await rollbackRefresh(client, 'api')).toBe(false);
    mock.on(RollbackInstanceRefreshCommand).rejects(refusal('Throttling'));
    await expect(rollbackRefresh(client, 'api')).rejects.toThrow('Throttling');
  });
});
