import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetails } from '../../src/status/run-details.ts';
import { expectBack, type Images, type Report, releaseBad, watchClosely } from './support/bad-release.ts';
import { stepBegins } from './support/events.ts';
import { goldenWorld } from './support/golden.ts';
import { highRate, type World } from './support/world.ts';

let world: World;
let cloudWatch: CloudWatchClient;
let ec2: EC2Client;

const openAir = `router.get('/events/:id', (_request, response, { id }) => {`;

beforeAll(async () => {
  world = await goldenWorld();
  await watchClosely(world);
  const { endpoint, region, accessKeyId, secretAccessKey } = await world.up();
  cloudWatch = new CloudWatchClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'api-errors',
      Namespace: 'AWS/ApplicationELB',
      MetricName: 'HTTPCode_Target_5XX_Count',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );
  await setAlarm('OK');
  await world.edit('pipelines/api.ts', 'verifySeconds: 12,', "verifySeconds: 12, alarms: ['api-errors'],");
  await world.project.commit('An alarm evaluates releases');
});
afterAll(async () => {
  cloudWatch?.destroy();
  ec2?.destroy();
  await world?.close();
});

async function setAlarm(StateValue: 'OK' | 'ALARM'): Promise<void> {
  const StateReason = 'Threshold Crossed: 25 errors in a minute';
  await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: 'api-errors', StateValue, StateReason }));
}

describe('a bad release returns to the old version automatically, with exit code 3', () => {
  it('when new instances never become healthy in the roll: no request fails', async () => {
    const { ended, report, total } = await releaseBad(
      world,
      { file: 'examples/api/config.json', from: 'Opening night', to: 'Opening Night' },
      async (events) => {
        // As soon as there is an image to name: its machines must not be healthy before the fault is on.
        await stepBegins(events, 'bake');
        const Filters = [{ Name: 'name', Values: ['api-local-v2'] }];
        const images = async () => (await ec2.send(new DescribeImagesCommand({ Filters }))).Images ?? [];
        const [bad] = await until(images, ({ length }) => length > 0, { seconds: 120 });
        const fault = ['local', 'fault', 'never-healthy', '--group', 'api-local', '--image', bad?.ImageId ?? ''];
        expect(await world.pipeline(...fault)).toMatchObject({ exitCode: 0 });
      },
      highRate,
    );
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report).toMatchObject({ error: { code: 'roll.failed' }, evidence: { phase: 'roll', before: 'v1' } });
    expect(report.evidence.faults.map((fault) => fault.check)).toEqual(['targets']);
    expect(report.evidence.targets.length).toBeGreaterThan(0);
    expect(total.failures).toEqual({});
    expect(total.requests / total.seconds).toBeGreaterThan(500);
    await world.pipeline('local', 'fault', 'clear');
    await expectBack(world, report);
  });

  it('when the app is healthy but a path answers 500: detected by the probes, other paths do not fail', async () => {
    const { ended, report, total } = await releaseBad(world, {
      file: 'examples/api/src/api.js',
      from: openAir,
      to: `${openAir}\n    if (id === 'open-air') return send(response, 500, { error: 'no such column' });`,
    });
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(['roll.failed', 'verify.failed']).toContain(report.error.code);
    expect(ended.stderr).toMatch(/\/events\/open-air.* answered 500/);
    const probed = report.evidence.probes.find((one) => one.path === '/events/open-air');
    expect(probed?.before).toMatchObject({ failed: 0 });
    expect(probed?.byVersion[report.version]?.failed).toBe(probed?.byVersion[report.version]?.samples);
    expect(report.evidence.targets).toEqual([]);
    expect(total.failures).toEqual({});
    expect(ended.stderr).toContain('/events/open-air answered 500 with "{\\"error\\":\\"no such column\\"}"');
    const { collected } = await world.json<RunDetails>('history', 'api', report.run);
    expect(collected?.probes).toContainEqual(
      expect.objectContaining({ path: '/events/open-air', status: 500, body: '{"error":"no such column"}' }),
    );
    expect(collected?.instances.map(({ from }) => from)).toContain('/srv/api/shared/log/current');
    await expectBack(world, report);
  });

  it('when its service exits eight seconds after its start, again and again: its log is shown and kept', async () => {
    const listen = 'const address = await api.listen(settings);';
    const { ended, report } = await releaseBad(world, {
      file: 'examples/api/server.js',
      from: listen,
      to: `${listen}\n  setTimeout(() => { throw new Error('all connections lost'); }, 8000);`,
    });
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report.evidence.faults.map(({ check }) => check)).toContain('restarts');
    expect(ended.stderr).toMatch(/the service has restarted by itself on \d of \d instances: i-/);
    expect(ended.stderr).toMatch(/log of i-\w+ \(has restarted\)[\s\S]*Error: all connections lost/);
    const shown = await world.pipeline('history', 'api', report.run, '--logs');
    expect(shown.stdout).toMatch(/log of i-\w+ in verify \(has restarted\).*:\n[\s\S]*Error: all connections lost/);
    await expectBack(world, report);
  });

  it.each([
    ['roll', 'the instance refresh'],
    ['verify', 'alarm api-errors is in ALARM'],
  ])('when an alarm goes off in the step %s: no request fails', async (step, says) => {
    const { ended, report, total } = await releaseBad(
      world,
      { file: 'examples/api/config.json', from: 'Opening night', to: 'Opening Night' },
      async (events) => {
        await stepBegins(events, step);
        await setAlarm('ALARM');
      },
    );
    await setAlarm('OK');
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report.error.code).toBe(`${step}.failed`);
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).toContain('api-errors');
    expect(total.failures).toEqual({});
    await expectBack(world, report);
  });
});

describe('a good release', () => {
  it('is not undone, and is known-good after its window', async () => {
    await world.project.change('All is well');
    const release = await world.json<Report>('release', 'api');
    expect(release.window).toMatchObject({
      restarts: { instances: 4 },
      probes: { paths: expect.arrayContaining(['/']) },
    });
    const images = await world.json<Images>('images', 'api');
    expect(images.find((image) => image.version === release.version)?.knownGood).toBe(true);
  });
});
